#include "gpu/cpu/numbers.hpp"

#include <type_traits>
#include <variant>

#include "gpu/fold.hpp"

namespace baton::gpu::cpu {
namespace {

template <class T, class... Of>
constexpr bool one_of = (std::is_same_v<T, Of> || ...);

/// Whether the layer reads operand `role` in either type without a conversion, or converts it in any case.
bool takes_bf16(const layer_view& layer, std::size_t role) {
  return std::visit(
      [&]<class Layer>(const Layer&) {
        if constexpr (std::is_same_v<Layer, metadata::conv_layer>)
          return role == conv_residual || (role == conv_x && layer.is_weight(layer.input_value(conv_w)));
        else if constexpr (std::is_same_v<Layer, metadata::binary_layer>)
          return layer.input_shape(role) == layer.output_shape();
        else if constexpr (std::is_same_v<Layer, metadata::concat_layer>)
          return true;
        else if constexpr (one_of<Layer, metadata::linear_layer, metadata::pool_layer,
                                  metadata::global_average_pool_layer, metadata::global_max_pool_layer,
                                  metadata::batch_norm_layer, metadata::unary_layer, metadata::transpose_layer,
                                  metadata::copy_layer>)
          return role == 0;
        else
          return false;
      },
      layer.what().attributes);
}

} // namespace

plan_numbers choose_numbers(const metadata::model& model, const metadata::symbol_values& symbols, precision multiplies,
                            const std::vector<bool>& must_be_plain) {
  plan_numbers result;
  result.narrow.assign(model.values().size(), false);
  if (multiplies != precision::bf16)
    return result;
  result.factors = number::bf16;
  std::vector<bool> unfit = must_be_plain;
  for (std::uint32_t i = 0; i < model.layers().size(); ++i) {
    const layer_view layer(model, symbols, i);
    for (std::size_t role = 0; role < layer.what().inputs.size(); ++role)
      if (layer.has(role)) {
        const auto v = layer.root(layer.input_value(role));
        result.narrow[v] = true;
        unfit[v] = unfit[v] || !takes_bf16(layer, role);
      }
  }
  for (std::size_t v = 0; v < unfit.size(); ++v)
    result.narrow[v] = result.narrow[v] && !unfit[v] && model.values()[v].type == metadata::element_type::float32
                       && model.values()[v].origin == metadata::value_origin::computed;
  return result;
}

bool has_bf16() {
  constexpr auto wanted = static_cast<unsigned>(dnnl_cpu_isa_avx512_core_bf16);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & wanted) == wanted;
}

} // namespace baton::gpu::cpu
