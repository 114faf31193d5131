#include "metadata/importer/json_kinds.hpp"

#include <algorithm>
#include <cmath>

#include "metadata/defaults.hpp"
#include "metadata/importer/json_step.hpp"

/// The layer types of the JSON form.
namespace baton::metadata::importer {

namespace {

using defaults::max_attribute;
using defaults::max_extent;

constexpr double bias_scale = 0.01;
constexpr int lstm_layers = 3;

/// Keeps the variance of what goes through a layer and a relu. Source: He et al., Delving deep into rectifiers, 2015,
/// equation 10, as a uniform distribution.
double he_scale(double fan_in) {
  return std::sqrt(6.0 / fan_in);
}

void demand_picture(const json_step& s) {
  s.demand_rank(4, "pictures, [N,C,H,W]");
}

/// The window that `key` says must not be larger than the picture with its padding.
void demand_window(const json_step& s, std::string_view key) {
  const auto size = s[key];
  for (const std::size_t axis : {2U, 3U})
    demand(size <= s.extent(axis) + 2 * s["padding"],
           std::string(key) + " is " + std::to_string(size) + ", larger than the picture of "
               + std::to_string(s.extent(2)) + 'x' + std::to_string(s.extent(3)) + " with a padding of "
               + std::to_string(s["padding"]));
}

void add_conv(json_step& s) {
  demand_picture(s);
  const auto in = s.agreed("in_channels", s.extent(1));
  demand_window(s, "filter_size");
  const auto size = s["filter_size"];
  const auto out = s["out_channels"];
  const auto stride = std::max<std::int64_t>(1, s["stride"]);
  conv_layer a;
  a.strides = {stride, stride};
  a.pads.fill(s["padding"]);
  const auto fan_in = static_cast<double>(in) * static_cast<double>(size) * static_cast<double>(size);
  const auto w = s.weight("weight", {out, in, size, size}, he_scale(fan_in));
  s.emit(a, {s.x(), w, s.weight("bias", {out}, bias_scale), none});
}

void add_relu(json_step& s) {
  s.emit(unary_layer{activation::relu}, {s.x()});
}

void add_max_pool(json_step& s) {
  demand_picture(s);
  const auto size = s["ksize"];
  demand(s["padding"] < size, "padding is " + std::to_string(s["padding"])
                                  + ", and must be smaller than ksize, which is " + std::to_string(size));
  demand_window(s, "ksize");
  pool_layer a;
  a.kernel = {size, size};
  a.strides = {s["kstride"], s["kstride"]};
  a.pads.fill(s["padding"]);
  s.emit(a, {s.x()});
}

void add_average_pool(json_step& s) {
  demand_picture(s);
  const auto size = s["size"];
  const auto rows = s.extent(2);
  const auto columns = s.extent(3);
  demand(rows % size == 0 && columns % size == 0, "size is " + std::to_string(size)
                                                      + ", which does not divide the picture of " + std::to_string(rows)
                                                      + 'x' + std::to_string(columns));
  if (rows == size && columns == size)
    return; // each mean is of one pixel
  if (size == 1)
    return s.emit(global_average_pool_layer{}, {s.x()});
  pool_layer a;
  a.mode = pool_layer::kind::average;
  a.kernel = a.strides = {rows / size, columns / size};
  s.emit(a, {s.x()});
}

void add_flat(json_step& s) {
  const auto shape = s.shape(); // a copy: the view moves the values
  s.emit_view({shape[0], elements_of(dims(shape.begin() + 1, shape.end()))});
}

void add_linear(json_step& s) {
  demand(s.shape().size() >= 2, "it takes rows of numbers, but what comes before is only the batch");
  const auto in = s.agreed("in_channels", s.extent(s.shape().size() - 1));
  const auto out = s["out_channels"];
  linear_layer a;
  a.transposed_weight = true;
  const auto w = s.weight("weight", {out, in}, he_scale(static_cast<double>(in)));
  s.emit(a, {s.x(), w, s.weight("bias", {out}, bias_scale)});
}

/// The layers have the steps first, the file has the batch first.
void add_lstm(json_step& s) {
  s.demand_rank(3, "sequences, [N,S,I]");
  s.agreed("input_size", s.extent(2));
  const auto batch = s.shape()[0];
  const auto steps = s.shape()[1];
  const auto hidden = s["hidden_size"];
  const lstm_layer a{hidden, recurrent_direction::bidirectional};
  const auto scale = 1.0 / std::sqrt(static_cast<double>(hidden));
  s.emit(transpose_layer{{1, 0, 2}}, {s.x()}, "steps_first");
  for (int i = 0; i < lstm_layers; ++i) {
    const auto n = std::to_string(i);
    const auto w = s.weight("w" + n, {2, 4 * hidden, s.extent(2)}, scale);
    const auto r = s.weight("r" + n, {2, 4 * hidden, hidden}, scale);
    const auto b = s.weight("b" + n, {2, 8 * hidden}, scale);
    s.emit(a, {s.x(), w, r, b}, n);
    // [S,2,N,H]: both directions side by side
    const auto last = i + 1 == lstm_layers;
    s.emit(last ? transpose_layer{{2, 0, 1, 3}} : transpose_layer{{0, 2, 1, 3}}, {s.x()}, n + "/transposed");
    s.emit_view({last ? batch : steps, last ? steps : batch, 2 * hidden}, n + "/joined");
  }
}

const std::vector<json_kind>& kinds() {
  static const std::vector<json_kind> all{
      {"conv",
       {{"in_channels", 1, max_extent, {}},
        {"out_channels", 1, max_extent, {}},
        {"filter_size", 1, max_attribute, {}},
        {"stride", 0, max_attribute, 1},
        {"padding", 0, max_attribute, 0}},
       add_conv},
      {"relu", {}, add_relu},
      {"maxpool",
       {{"ksize", 1, max_attribute, {}}, {"kstride", 1, max_attribute, {}}, {"padding", 0, max_attribute, 0}},
       add_max_pool},
      {"avgpool", {{"size", 1, max_extent, {}}}, add_average_pool},
      {"flat", {}, add_flat},
      {"linear", {{"in_channels", 1, max_extent, {}}, {"out_channels", 1, max_extent, {}}}, add_linear},
      {"lstm", {{"input_size", 1, max_extent, {}}, {"hidden_size", 1, max_attribute, {}}}, add_lstm},
  };
  return all;
}

} // namespace

const json_kind* find_json_kind(std::string_view type) {
  const auto found = std::find_if(kinds().begin(), kinds().end(), [&](const auto& k) { return k.type == type; });
  return found == kinds().end() ? nullptr : &*found;
}

} // namespace baton::metadata::importer
