#include "gpu/cpu/conv_step.hpp"
#include "gpu/cpu/kernels.hpp"

namespace baton::gpu::cpu {

constexpr auto x = conv_x;
constexpr auto w = conv_w;
constexpr auto b = conv_b;
constexpr auto residual = conv_residual;

void build_conv(layer_builder& builder, const metadata::conv_layer& a) {
  const convolution c(builder, a, builder.numbers());
  const auto* chosen = builder.chosen_kernel();
  const auto kernel = chosen ? chosen->kernel : direct_kernel(c);
  const auto parts = chosen ? chosen->parts : cut{};
  const auto pictures = parts.axis == 0 ? parts.pieces : 1;
  const auto channels = parts.axis == 0 ? 1 : parts.pieces;
  builder.set_parts(parts.pieces, 0);

  conv_places at;
  at.source = builder.in_layout(builder.piece(builder.input_of_any_type(x), 0, pictures), kernel.source).at;
  const auto target = chosen ? builder.picture_output(kernel.target, parts) : builder.output(0, kernel.target);
  if (c.has_residual && !builder.update_in_place(0, residual))
    builder.reorder(builder.piece(builder.input_of_any_type(residual), parts.axis, parts.pieces), target);
  at.target = target.at;

  if (c.fixed_weights)
    at.weights = builder
                     .piece(builder.prepared(weight_role::matrix, chosen ? chosen->weights : kernel.weights,
                                             written_weights(kernel, c),
                                             [&](std::span<float> to) { write_weights(builder, c, kernel, to); }),
                            0, channels)
                     .at;
  else
    at.weights = builder.in_layout(builder.plain_input(w, c.weights), kernel.weights).at;
  if (builder.has(b) && !builder.is_weight(builder.input_value(b)))
    at.bias = builder.plain_input(b).at;
  else if (c.has_bias)
    at.bias = builder
                  .piece(builder.prepared(weight_role::bias, plain_layout({c.channels}), plain_layout({c.channels}),
                                          [&](std::span<float> out) {
                                            auto f = fold(builder, a, c.channels);
                                            for (std::size_t k = 0; k < out.size(); ++k)
                                              out[k] = static_cast<float>(f.addend[k]);
                                          }),
                         0, channels)
                  .at;
  at.scratch = builder.scratch(kernel.scratch_bytes);
  builder.add(make_step(kernel, at, builder.new_slot()));
}

} // namespace baton::gpu::cpu
