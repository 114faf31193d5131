#include "metadata/defaults.hpp"
#include "metadata/shape_rules_detail.hpp"

/// Layers that slide a window over H and W, and those that work on channels.
namespace baton::metadata::rules {

namespace {

void demand_window(const std::array<std::int64_t, 2>& kernel, const std::array<std::int64_t, 2>& strides,
                   const std::array<std::int64_t, 2>& dilations, const std::array<std::int64_t, 4>& pads,
                   same_padding same) {
  for (std::size_t i = 0; i < 2; ++i) {
    demand(kernel[i] >= 1 && kernel[i] <= defaults::max_attribute, "its kernel extents must be positive");
    demand(strides[i] >= 1 && strides[i] <= defaults::max_attribute, "its strides must be positive");
    demand(dilations[i] >= 1 && dilations[i] <= defaults::max_attribute, "its dilations must be positive");
  }
  for (const auto pad : pads)
    demand(pad >= 0 && pad <= defaults::max_attribute, "its pads must not be negative");
  demand(same == same_padding::none || pads == std::array<std::int64_t, 4>{},
         "it has both pads and padding to the same size");
}

/// How far the window can slide: (x + pads - reach) where reach is what the dilated kernel covers.
dim room(const dim& x, std::int64_t kernel, std::int64_t dilation, std::int64_t before, std::int64_t after) {
  return x + dim(before + after - ((kernel - 1) * dilation + 1));
}

dim steps(const dim& space, std::int64_t stride, bool ceil) {
  const auto constant = space.constant();
  demand(!constant || *constant >= 0, "its window is larger than what it slides over");
  return floor_div(ceil ? space + dim(stride - 1) : space, stride) + dim(1);
}

dim same_steps(const dim& extent, std::int64_t stride) {
  return floor_div(extent + dim(stride - 1), stride);
}

std::optional<std::uint32_t> leading_batch(const value_shape& x) {
  return x.batch_axis == 0U ? x.batch_axis : std::nullopt;
}

layer_shape one_pixel(const operands& in) {
  const auto& x = in.floats(0, 4);
  return {{{element_type::float32, {x.shape[0], x.shape[1], 1, 1}, leading_batch(x)}}};
}

} // namespace

layer_shape infer(const conv_layer& a, const operands& in) {
  const auto& x = in.floats(0, 4);
  const auto& w = in.floats(1, 4);
  const auto out_channels = w.shape[0].constant();
  const auto rows = w.shape[2].constant();
  const auto columns = w.shape[3].constant();
  demand(out_channels && rows && columns, "its w must have constant extents");
  demand_window({*rows, *columns}, a.strides, a.dilations, a.pads, a.same);
  demand(a.groups >= 1 && a.groups <= *out_channels && *out_channels % a.groups == 0,
         std::to_string(a.groups) + " groups do not divide the " + std::to_string(*out_channels) + " output channels");
  demand(x.shape[1] == w.shape[1] * dim(a.groups), "x " + in.text(x.shape) + " and w " + in.text(w.shape) + " with "
                                                       + std::to_string(a.groups)
                                                       + " groups do not agree on the input channels");
  const dims channels{w.shape[0]};
  in.expect(2, channels);
  for (std::size_t i = 4; i < 8; ++i) {
    demand(in.has(i) == a.has_batch_norm, "its batch norm must have all four operands or none");
    in.expect(i, channels);
  }
  const std::array kernel{*rows, *columns};
  dims y{x.shape[0], w.shape[0]};
  for (std::size_t i = 0; i < 2; ++i)
    y.push_back(
        a.same != same_padding::none
            ? same_steps(x.shape[2 + i], a.strides[i])
            : steps(room(x.shape[2 + i], kernel[i], a.dilations[i], a.pads[i], a.pads[i + 2]), a.strides[i], false));
  in.expect(3, y);
  return {{{element_type::float32, std::move(y), leading_batch(x)}}};
}

layer_shape infer(const pool_layer& a, const operands& in) {
  const auto& x = in.floats(0, 4);
  demand_window(a.kernel, a.strides, a.dilations, a.pads, a.same);
  dims y{x.shape[0], x.shape[1]};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& extent = x.shape[2 + i];
    if (a.same != same_padding::none) {
      y.push_back(same_steps(extent, a.strides[i]));
      continue;
    }
    const auto reach = (a.kernel[i] - 1) * a.dilations[i] + 1;
    demand(a.pads[i] < reach && a.pads[i + 2] < reach, "its pads must be smaller than its kernel");
    y.push_back(steps(room(extent, a.kernel[i], a.dilations[i], a.pads[i], a.pads[i + 2]), a.strides[i], a.ceil_mode));
    if (!a.ceil_mode || a.pads[i + 2] + a.strides[i] <= reach)
      continue;
    // Rounding up may add a window that begins behind the input: it does not count.
    const auto last_start = ((y.back() - dim(1)) * dim(a.strides[i]) - extent - dim(a.pads[i])).constant();
    demand(last_start.has_value(), "ceil_mode gives it a window that may lie wholly in the padding, depending on "
                                       + extent.to_string(in.names()));
    if (*last_start >= 0)
      y.back() = y.back() - dim(1);
  }
  return {{{element_type::float32, std::move(y), leading_batch(x)}}};
}

layer_shape infer(const global_average_pool_layer&, const operands& in) {
  return one_pixel(in);
}

layer_shape infer(const global_max_pool_layer&, const operands& in) {
  return one_pixel(in);
}

layer_shape infer(const lrn_layer& a, const operands& in) {
  demand(a.size >= 1 && a.size <= defaults::max_attribute, "its size must be positive");
  return {{in.floats_from(0, 2)}};
}

layer_shape infer(const batch_norm_layer&, const operands& in) {
  const auto& x = in.floats_from(0, 2);
  for (std::size_t i = 1; i < 5; ++i)
    in.expect(i, {x.shape[1]});
  return {{x}};
}

} // namespace baton::metadata::rules
