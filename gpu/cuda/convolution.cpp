#include "gpu/cuda/convolution.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "gpu/cuda/defaults.hpp"

namespace baton::gpu::cuda {
namespace {

/// What measured searches found. A search is a race and may end differently each time; so that equal plans make equal
/// bits, the first answer stays for the life of the process. Thread-safe.
class known_algorithms {
public:
  /// The answer for `problem`: `search` is called if there is none yet; others who ask meanwhile wait.
  conv_algorithm find(const std::string& problem, const std::function<conv_algorithm()>& search) {
    std::lock_guard lock(mutex_);
    if (auto known = known_.find(problem); known != known_.end())
      return known->second;
    return known_.emplace(problem, search()).first->second;
  }

private:
  std::mutex mutex_;
  std::map<std::string, conv_algorithm> known_;
};

std::string name_of(const layer_builder& builder, const conv_problem& p) {
  auto result = builder.card() + ";cudnn " + std::to_string(cudnnGetVersion()) + ";g" + std::to_string(p.groups);
  const auto append = [&](const auto& numbers) {
    result += ';';
    for (auto n : numbers)
      result += std::to_string(n) + ',';
  };
  append(p.source);
  append(p.weights);
  append(p.pads);
  append(p.strides);
  append(p.dilations);
  return result;
}

int number(std::int64_t i) {
  return static_cast<int>(i);
}

std::size_t bytes_of(const extents& shape) {
  return static_cast<std::size_t>(elements_of(shape)) * sizeof(float);
}

void describe(tensor_descriptor& d, const extents& shape) {
  check(cudnnCreateTensorDescriptor(d.put()), "cudnnCreateTensorDescriptor");
  check(cudnnSetTensor4dDescriptor(d.get(), CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, number(shape[0]), number(shape[1]),
                                   number(shape[2]), number(shape[3])),
        "cudnnSetTensor4dDescriptor");
}

void describe(convolution& c, const conv_problem& p, bool relu) {
  describe(c.source, p.source);
  describe(c.target, p.target);
  describe(c.bias, {1, p.target[1], 1, 1});
  check(cudnnCreateFilterDescriptor(c.weights.put()), "cudnnCreateFilterDescriptor");
  check(cudnnSetFilter4dDescriptor(c.weights.get(), CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, number(p.weights[0]),
                                   number(p.weights[1]), number(p.weights[2]), number(p.weights[3])),
        "cudnnSetFilter4dDescriptor");
  check(cudnnCreateConvolutionDescriptor(c.how.put()), "cudnnCreateConvolutionDescriptor");
  check(cudnnSetConvolution2dDescriptor(c.how.get(), number(p.pads[0]), number(p.pads[1]), number(p.strides[0]),
                                        number(p.strides[1]), number(p.dilations[0]), number(p.dilations[1]),
                                        CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
        "cudnnSetConvolution2dDescriptor");
  check(cudnnSetConvolutionGroupCount(c.how.get(), number(p.groups)), "cudnnSetConvolutionGroupCount");
  check(cudnnSetConvolutionMathType(c.how.get(), CUDNN_FMA_MATH), "cudnnSetConvolutionMathType");
  check(cudnnCreateActivationDescriptor(c.act.put()), "cudnnCreateActivationDescriptor");
  check(cudnnSetActivationDescriptor(c.act.get(), relu ? CUDNN_ACTIVATION_RELU : CUDNN_ACTIVATION_IDENTITY,
                                     CUDNN_NOT_PROPAGATE_NAN, 0.0),
        "cudnnSetActivationDescriptor");
}

/// The search tries other ways to multiply too, whatever the descriptor says; what such a one needs of workspace in
/// float32 must be asked. Nothing if it cannot be run so, or not in `most` bytes.
std::optional<conv_algorithm> in_float32(layer_builder& builder, const convolution& c,
                                         const cudnnConvolutionFwdAlgoPerf_t& r, std::size_t most) {
  std::size_t workspace = 0;
  if (r.status != CUDNN_STATUS_SUCCESS || r.determinism != CUDNN_DETERMINISTIC
      || cudnnGetConvolutionForwardWorkspaceSize(builder.on().dnn(), c.source.get(), c.weights.get(), c.how.get(),
                                                 c.target.get(), r.algo, &workspace)
             != CUDNN_STATUS_SUCCESS
      || workspace > most)
    return std::nullopt;
  return conv_algorithm{r.algo, workspace};
}

/// Runs every algorithm of the library on memory of its own. Throws `failure`; `out_of_memory` if there is no room.
conv_algorithm search(layer_builder& builder, const convolution& c, const conv_problem& p, std::size_t workspace) {
  const auto from = builder.temporary(bytes_of(p.source));
  const auto weights = builder.temporary(bytes_of(p.weights));
  const auto to = builder.temporary(bytes_of(p.target));
  const auto work = builder.temporary(workspace);
  for (const auto* memory : {&from, &weights}) // what fresh memory holds could be slow to compute with
    check(cudaMemsetAsync(memory->data(), 0, memory->bytes(), builder.on().stream()), "cudaMemsetAsync");
  std::array<cudnnConvolutionFwdAlgoPerf_t, CUDNN_CONVOLUTION_FWD_ALGO_COUNT> results{};
  int found = 0;
  check(cudnnFindConvolutionForwardAlgorithmEx(builder.on().dnn(), c.source.get(), from.data(), c.weights.get(),
                                               weights.data(), c.how.get(), c.target.get(), to.data(),
                                               static_cast<int>(results.size()), &found, results.data(), work.data(),
                                               workspace),
        "cudnnFindConvolutionForwardAlgorithmEx");
  builder.on().drain(); // the memory goes now
  // The fastest come first; those measured in float32 before those that were not.
  for (const auto math : {CUDNN_FMA_MATH, CUDNN_DEFAULT_MATH})
    for (const auto& r : std::span(results).first(static_cast<std::size_t>(found)))
      if (r.mathType == math)
        if (auto fit = in_float32(builder, c, r, workspace))
          return *fit;
  builder.unsupported("cuDNN has no algorithm for this convolution");
}

/// With as much workspace as there is room for.
conv_algorithm search(layer_builder& builder, const convolution& c, const conv_problem& p) {
  for (auto workspace = defaults::convolution_workspace; workspace > defaults::scratch_alignment; workspace /= 16)
    try {
      return search(builder, c, p, workspace);
    } catch (const failure& f) {
      if (f.why().code != errc::out_of_memory)
        throw;
    }
  return search(builder, c, p, defaults::scratch_alignment);
}

} // namespace

convolution::convolution(layer_builder& builder, const conv_problem& p, bool relu) {
  static known_algorithms known;
  describe(*this, p, relu);
  algorithm = known.find(name_of(builder, p), [&] { return search(builder, *this, p); });
  workspace = builder.scratch(std::max<std::size_t>(algorithm.workspace, 1));
}

} // namespace baton::gpu::cuda
