#include <vector>

#include "gpu/cpu/convolution.hpp"
#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {

constexpr auto x = conv_x;
constexpr auto w = conv_w;
constexpr auto b = conv_b;
constexpr auto residual = conv_residual;

void build_conv(layer_builder& builder, const metadata::conv_layer& a) {
  const convolution c(builder, a, builder.numbers());
  const auto* chosen = builder.chosen_kernel();
  const auto d = chosen ? chosen->kernel.how : direct_kernel(c).how;
  const auto parts = chosen ? chosen->parts : cut{};
  const auto pictures = parts.axis == 0 ? parts.pieces : 1;
  const auto channels = parts.axis == 0 ? 1 : parts.pieces;
  builder.set_parts(parts.pieces, 0);

  auto source = builder.in_layout(builder.piece(builder.input_of_any_type(x), 0, pictures), d.src_desc());
  auto target = chosen ? builder.picture_output(d.dst_desc(), parts) : builder.output(0, d.dst_desc());
  if (c.has_residual && !builder.update_in_place(0, residual))
    builder.reorder(builder.piece(builder.input_of_any_type(residual), parts.axis, parts.pieces), target);
  std::vector<primitive_step::argument> arguments{{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}};

  if (c.fixed_weights)
    arguments.push_back(
        {DNNL_ARG_WEIGHTS,
         builder.piece(builder.prepared(weight_role::matrix, chosen ? chosen->weights : d.weights_desc(),
                                        plain_layout(c.weights),
                                        [&](std::span<float> to) { write_weights(builder, c, to); }),
                       0, channels)});
  else
    arguments.push_back({DNNL_ARG_WEIGHTS, builder.in_layout(builder.plain_input(w, c.weights), d.weights_desc())});
  if (builder.has(b) && !builder.is_weight(builder.input_value(b)))
    arguments.push_back({DNNL_ARG_BIAS, builder.plain_input(b)});
  else if (c.has_bias)
    arguments.push_back({DNNL_ARG_BIAS, builder.piece(builder.prepared(weight_role::bias, plain_layout({c.channels}),
                                                                       plain_layout({c.channels}),
                                                                       [&](std::span<float> out) {
                                                                         auto f = fold(builder, a, c.channels);
                                                                         for (std::size_t k = 0; k < out.size(); ++k)
                                                                           out[k] = static_cast<float>(f.addend[k]);
                                                                       }),
                                                      0, channels)});
  builder.add(primitive_of(d), d.scratchpad_desc(), std::move(arguments));
}

} // namespace baton::gpu::cpu
