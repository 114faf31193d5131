#include "gpu/cpu/kernels.hpp"

#include <string>

#include "gpu/cpu/guard.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu::cpu {
namespace {

/// The dispatch table: one line per layer kind.
struct dispatch {
  layer_builder& b;
  void operator()(const metadata::conv_layer& a) const { build_conv(b, a); }
  void operator()(const metadata::batch_norm_layer& a) const { build_batch_norm(b, a); }
  void operator()(const metadata::pool_layer& a) const { build_pool(b, a); }
  void operator()(const metadata::global_average_pool_layer& a) const { build_global_average_pool(b, a); }
  void operator()(const metadata::linear_layer& a) const { build_linear(b, a); }
  void operator()(const metadata::matmul_layer& a) const { build_matmul(b, a); }
  void operator()(const metadata::softmax_layer& a) const { build_softmax(b, a); }
  void operator()(const metadata::gather_layer& a) const { build_gather(b, a); }
  void operator()(const metadata::transpose_layer& a) const { build_transpose(b, a); }
  void operator()(const metadata::lstm_layer& a) const { build_lstm(b, a); }
  void operator()(const metadata::copy_layer& a) const { build_copy(b, a); }
  void operator()(const metadata::binary_layer& a) const { build_binary(b, a); }
  void operator()(const metadata::unary_layer& a) const { build_unary(b, a); }
  void operator()(const metadata::cast_layer& a) const { build_cast(b, a); }
  void operator()(const metadata::concat_layer& a) const { build_concat(b, a); }
  void operator()(const metadata::expand_layer& a) const { build_expand(b, a); }
  void operator()(const metadata::slice_layer& a) const { build_slice(b, a); }
  void operator()(const metadata::pad_layer& a) const { build_pad(b, a); }
  void operator()(const metadata::reduce_mean_layer& a) const { build_reduce_mean(b, a); }
  void operator()(const metadata::shape_layer& a) const { build_shape(b, a); }
  void operator()(const metadata::global_max_pool_layer& a) const { build_global_max_pool(b, a); }
  void operator()(const metadata::lrn_layer& a) const { build_lrn(b, a); }
  void operator()(const metadata::gru_layer& a) const { build_gru(b, a); }
  void operator()(const metadata::rnn_layer& a) const { build_rnn(b, a); }
  void operator()(const metadata::all_true_layer& a) const { build_all_true(b, a); }
};

} // namespace

built_layer build_layer(plan_draft& draft, std::uint32_t index) {
  const auto& layer = draft.model->layers()[index];
  try {
    layer_builder builder(draft, index);
    std::visit(dispatch{builder}, layer.attributes);
    return builder.finish();
  } catch (const failure&) {
    throw;
  } catch (...) {
    throw failure(caught(errc::bad_model, "layer '" + layer.name + "' (" + std::string(kind_name(layer.attributes))
                                              + ") cannot be run here"));
  }
}

} // namespace baton::gpu::cpu
