#include "tests/fake_cuda/cudnn_rnn.hpp"

#include <algorithm>
#include <cstring>

/// cuDNN's recurrent layers: descriptors, what it documents, and the forward pass. Weights are float32, inputs linear,
/// without dropout or projection.
namespace fake_cuda::dnn {
namespace {

struct dropout {
  bool set = false;
  float rate = 0;
};

handles<cudnnDropoutDescriptor_t, dropout>& dropouts() {
  static auto& all = *new handles<cudnnDropoutDescriptor_t, dropout>(kind::dropout);
  return all;
}
handles<cudnnRNNDescriptor_t, recurrent>& recurrents() {
  static auto& all = *new handles<cudnnRNNDescriptor_t, recurrent>(kind::rnn);
  return all;
}
handles<cudnnRNNDataDescriptor_t, sequences>& all_sequences() {
  static auto& all = *new handles<cudnnRNNDataDescriptor_t, sequences>(kind::rnn_data);
  return all;
}

constexpr std::size_t dropout_state_bytes = 1024;

/// A dense [1, rows, columns].
tensor plane(int rows, int columns) {
  tensor t{.axes = 3};
  t.dims = {1, rows, columns};
  t.strides = {rows * columns, columns, 1};
  return t;
}

bool fits(const recurrent& r, const sequences& x, const sequences& y) {
  return x.set && y.set && x.width == r.input && y.width == r.hidden * r.directions && x.batch == y.batch
         && x.steps == y.steps && x.layout == y.layout && x.lengths == y.lengths;
}

/// Of the states before and after: dense [pseudo layers, batch, hidden].
bool fits_state(const recurrent& r, const sequences& x, const tensor& t) {
  const int dims[] = {r.pseudo_layers(), x.batch, r.hidden};
  const int strides[] = {x.batch * r.hidden, r.hidden, 1};
  return t.axes == 3 && std::equal(dims, dims + 3, t.dims.begin())
         && std::equal(strides, strides + 3, t.strides.begin());
}

/// What needs sequences of one length in rows of one length, or says that they may differ.
cudnnStatus_t check_layout(const recurrent& r, const sequences& x) {
  if (x.is_packed())
    return std::is_sorted(x.lengths.rbegin(), x.lengths.rend()) ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
  return r.padded ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
}

} // namespace
} // namespace fake_cuda::dnn

using namespace fake_cuda;
using namespace fake_cuda::dnn;

extern "C" {

// -- descriptors ------------------------------------------------------------------------------------------------------

cudnnStatus_t cudnnCreateDropoutDescriptor(cudnnDropoutDescriptor_t* result) {
  return create(dropouts(), result, "cudnnCreateDropoutDescriptor");
}

cudnnStatus_t cudnnDestroyDropoutDescriptor(cudnnDropoutDescriptor_t handle) {
  return destroy(dropouts(), handle, "cudnnDestroyDropoutDescriptor");
}

cudnnStatus_t cudnnDropoutGetStatesSize(cudnnHandle_t handle, std::size_t* bytes) {
  enter("cudnnDropoutGetStatesSize");
  (void)contexts().at(handle, "cudnnDropoutGetStatesSize");
  *bytes = dropout_state_bytes;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetDropoutDescriptor(cudnnDropoutDescriptor_t handle, cudnnHandle_t dnn_handle, float rate,
                                        void* states, std::size_t bytes, unsigned long long) {
  constexpr auto call = "cudnnSetDropoutDescriptor";
  enter(call);
  (void)contexts().at(dnn_handle, call);
  const auto d = dropouts().at(handle, call);
  if (rate < 0 || rate > 1 || (states && bytes < dropout_state_bytes))
    return CUDNN_STATUS_BAD_PARAM;
  *d = {true, rate};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateRNNDescriptor(cudnnRNNDescriptor_t* result) {
  return create(recurrents(), result, "cudnnCreateRNNDescriptor");
}

cudnnStatus_t cudnnDestroyRNNDescriptor(cudnnRNNDescriptor_t handle) {
  return destroy(recurrents(), handle, "cudnnDestroyRNNDescriptor");
}

cudnnStatus_t cudnnSetRNNDescriptor_v8(cudnnRNNDescriptor_t handle, cudnnRNNAlgo_t algorithm, cudnnRNNMode_t cell,
                                       cudnnRNNBiasMode_t bias, cudnnDirectionMode_t direction,
                                       cudnnRNNInputMode_t input_mode, cudnnDataType_t type, cudnnDataType_t precision,
                                       cudnnMathType_t, std::int32_t input, std::int32_t hidden,
                                       std::int32_t projection, std::int32_t layers,
                                       cudnnDropoutDescriptor_t dropout_of, std::uint32_t flags) {
  constexpr auto call = "cudnnSetRNNDescriptor_v8";
  enter(call);
  const auto r = recurrents().at(handle, call);
  if (input < 1 || hidden < 1 || layers < 1 || projection < 0 || projection > hidden)
    return CUDNN_STATUS_BAD_PARAM;
  if (dropout_of && (!dropouts().at(dropout_of, call)->set || dropouts().at(dropout_of, call)->rate != 0))
    return CUDNN_STATUS_NOT_SUPPORTED;
  if (algorithm != CUDNN_RNN_ALGO_STANDARD || input_mode != CUDNN_LINEAR_INPUT || type != CUDNN_DATA_FLOAT
      || precision != CUDNN_DATA_FLOAT || (projection != 0 && projection != hidden))
    return CUDNN_STATUS_NOT_SUPPORTED;
  *r = {true,  cell,   bias,   direction == CUDNN_BIDIRECTIONAL ? 2 : 1,
        input, hidden, layers, (flags & CUDNN_RNN_PADDED_IO_ENABLED) != 0};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateRNNDataDescriptor(cudnnRNNDataDescriptor_t* result) {
  return create(all_sequences(), result, "cudnnCreateRNNDataDescriptor");
}

cudnnStatus_t cudnnDestroyRNNDataDescriptor(cudnnRNNDataDescriptor_t handle) {
  return destroy(all_sequences(), handle, "cudnnDestroyRNNDataDescriptor");
}

cudnnStatus_t cudnnSetRNNDataDescriptor(cudnnRNNDataDescriptor_t handle, cudnnDataType_t type,
                                        cudnnRNNDataLayout_t layout, int steps, int batch, int width,
                                        const int lengths[], void* padding) {
  enter("cudnnSetRNNDataDescriptor");
  const auto s = all_sequences().at(handle, "cudnnSetRNNDataDescriptor");
  if (steps < 1 || batch < 1 || width < 1 || !lengths)
    return CUDNN_STATUS_BAD_PARAM;
  for (int i = 0; i < batch; ++i)
    if (lengths[i] < 0 || lengths[i] > steps)
      return CUDNN_STATUS_BAD_PARAM;
  if (type != CUDNN_DATA_FLOAT)
    return CUDNN_STATUS_NOT_SUPPORTED;
  *s = {true,
        layout,
        steps,
        batch,
        width,
        {lengths, lengths + batch},
        padding != nullptr,
        padding ? *static_cast<const float*>(padding) : 0.0F};
  return CUDNN_STATUS_SUCCESS;
}

// -- sizes and weights ------------------------------------------------------------------------------------------------

cudnnStatus_t cudnnGetRNNWeightSpaceSize(cudnnHandle_t handle, cudnnRNNDescriptor_t how, std::size_t* bytes) {
  constexpr auto call = "cudnnGetRNNWeightSpaceSize";
  enter(call);
  (void)contexts().at(handle, call);
  const auto r = recurrents().at(how, call);
  if (!r->set || !bytes)
    return CUDNN_STATUS_BAD_PARAM;
  *bytes = weight_count(*r) * sizeof(float);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetRNNTempSpaceSizes(cudnnHandle_t handle, cudnnRNNDescriptor_t how, cudnnForwardMode_t mode,
                                        cudnnRNNDataDescriptor_t x_of, std::size_t* workspace, std::size_t* reserve) {
  constexpr auto call = "cudnnGetRNNTempSpaceSizes";
  enter(call);
  (void)contexts().at(handle, call);
  const auto r = recurrents().at(how, call);
  const auto x = all_sequences().at(x_of, call);
  if (!r->set || !x->set)
    return CUDNN_STATUS_BAD_PARAM;
  if (mode != CUDNN_FWD_MODE_INFERENCE)
    return CUDNN_STATUS_NOT_SUPPORTED;
  if (workspace)
    *workspace = workspace_count(*r, *x) * sizeof(float);
  if (reserve)
    *reserve = 0;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetRNNWeightParams(cudnnHandle_t handle, cudnnRNNDescriptor_t how, std::int32_t pseudo_layer,
                                      std::size_t weight_bytes, const void* weights, std::int32_t id,
                                      cudnnTensorDescriptor_t matrix_of, void** matrix, cudnnTensorDescriptor_t bias_of,
                                      void** bias) {
  constexpr auto call = "cudnnGetRNNWeightParams";
  enter(call);
  (void)contexts().at(handle, call);
  const auto r = recurrents().at(how, call);
  if (!r->set || pseudo_layer < 0 || pseudo_layer >= r->pseudo_layers() || id < 0 || id >= 2 * r->gates()
      || weight_bytes < weight_count(*r) * sizeof(float))
    return CUDNN_STATUS_BAD_PARAM;
  const weight_places at(*r, pseudo_layer);
  const auto base = reinterpret_cast<std::uintptr_t>(weights);
  if (matrix) {
    *matrix = reinterpret_cast<void*>(base + at.matrix(id) * sizeof(float));
    *tensors().at(matrix_of, call) = plane(r->hidden, at.columns(id));
  }
  if (bias) {
    const bool there = at.has_bias(id);
    *bias = there ? reinterpret_cast<void*>(base + at.bias(id) * sizeof(float)) : nullptr;
    *tensors().at(bias_of, call) = there ? plane(r->hidden, 1) : tensor{};
  }
  return CUDNN_STATUS_SUCCESS;
}

// -- forward ----------------------------------------------------------------------------------------------------------

cudnnStatus_t cudnnRNNForward(cudnnHandle_t handle, cudnnRNNDescriptor_t how, cudnnForwardMode_t mode,
                              const std::int32_t device_lengths[], cudnnRNNDataDescriptor_t x_of, const void* x,
                              cudnnRNNDataDescriptor_t y_of, void* y, cudnnTensorDescriptor_t h_of, const void* hx,
                              void* hy, cudnnTensorDescriptor_t c_of, const void* cx, void* cy,
                              std::size_t weight_bytes, const void* weights, std::size_t workspace_bytes,
                              void* workspace, std::size_t, void*) {
  constexpr auto call = "cudnnRNNForward";
  const auto context = usable(handle, call);
  const auto r = *recurrents().at(how, call);
  const auto from = *all_sequences().at(x_of, call);
  const auto to = *all_sequences().at(y_of, call);
  if (auto status = state_of(context); status != CUDNN_STATUS_SUCCESS)
    return status;
  if (!r.set || !fits(r, from, to) || !x || !y || !weights || weight_bytes < weight_count(r) * sizeof(float)
      || workspace_bytes < workspace_count(r, from) * sizeof(float) || !workspace)
    return CUDNN_STATUS_BAD_PARAM;
  const bool has_cell = r.cell == CUDNN_LSTM;
  if (((hx || hy) && !fits_state(r, from, *tensors().at(h_of, call)))
      || (has_cell && (cx || cy) && !fits_state(r, from, *tensors().at(c_of, call))))
    return CUDNN_STATUS_BAD_PARAM;
  if (mode != CUDNN_FWD_MODE_INFERENCE)
    return CUDNN_STATUS_NOT_SUPPORTED;
  if (auto status = check_layout(r, from); status != CUDNN_STATUS_SUCCESS)
    return status;

  const auto state = static_cast<std::size_t>(r.pseudo_layers()) * static_cast<std::size_t>(from.batch)
                     * static_cast<std::size_t>(r.hidden);
  const auto* c_before = has_cell ? cx : nullptr;
  auto* c_after = has_cell ? cy : nullptr;
  const auto if_there = [&](const void* p) { return p ? state : 0; };
  const auto target = writes(y, to.extent());
  must_not_overlap(reads(x, from.extent()), target, call);
  must_not_overlap(reads(weights, weight_count(r)), target, call);
  enqueue(
      context.stream,
      {reads(x, from.extent()),
       reads(weights, weight_count(r)),
       reads(hx, if_there(hx)),
       reads(c_before, if_there(c_before)),
       {device_lengths, device_lengths ? from.lengths.size() * sizeof(std::int32_t) : 0, false},
       writes(workspace, workspace_count(r, from)),
       writes(hy, if_there(hy)),
       writes(c_after, if_there(c_after)),
       target},
      [=] {
        std::memset(translate(workspace), 0xFF, workspace_count(r, from) * sizeof(float));
        run(r, from, to,
            {floats(x), floats(y), floats(hx), floats(c_before), floats(hy), floats(c_after), floats(weights),
             floats(workspace)});
      },
      call);
  return CUDNN_STATUS_SUCCESS;
}
}
