#include "tests/gpu_check/models.hpp"

#include <stdexcept>

namespace baton::gpu_check {

using namespace metadata;
using namespace testing;

namespace {

conv_options convolution(std::int64_t channels, std::int64_t kernel, std::int64_t stride, bool relu) {
  conv_options o;
  o.channels = channels;
  o.kernel = {kernel, kernel};
  o.strides = {stride, stride};
  const auto pad = kernel / 2;
  o.pads = {pad, pad, pad, pad};
  o.bias = false;
  o.batch_norm = true;
  o.relu = relu;
  return o;
}

value_index bottleneck(model_builder& b, value_index x, std::int64_t width, std::int64_t stride, bool first) {
  const auto shortcut = first ? b.conv(x, convolution(4 * width, 1, stride, false)) : x;
  auto y = b.conv(x, convolution(width, 1, 1, true));
  y = b.conv(y, convolution(width, 3, stride, true));
  auto last = convolution(4 * width, 1, 1, true);
  last.residual = shortcut;
  return b.conv(y, last);
}

} // namespace

model_ptr resnet50() {
  model_builder b("resnet50", 50);
  const auto n = b.symbol("N");
  auto x = b.conv(b.input("image", {n, 3, 224, 224}), convolution(64, 7, 2, true));
  x = b.max_pool(x, 3, 2, 1);
  std::int64_t width = 64;
  for (const int blocks : {3, 4, 6, 3}) {
    for (int i = 0; i < blocks; ++i)
      x = bottleneck(b, x, width, i == 0 && width > 64 ? 2 : 1, i == 0);
    width *= 2;
  }
  x = b.view(b.global_average_pool(x), {n, 2048});
  return b.output(b.linear(x, 1000), "logits").build();
}

model_ptr lstm() {
  model_builder b("lstm", 32);
  const auto n = b.symbol("N");
  const auto y = b.lstm(b.input("x", {32, n, 256}), {.hidden = 512, .wanted = {false, true, false}})[1];
  return b.output(b.linear(b.view(y, {n, 512}), 10), "logits").build();
}

model_ptr pictures(std::int64_t side) {
  model_builder b("pictures_" + std::to_string(side), 16);
  const auto n = b.symbol("N");
  auto x = b.input("x", {n, 64, side, side});
  for (int i = 0; i < 16; ++i)
    x = b.conv(x, convolution(64, 3, 1, true));
  return b.output(x, "y").build();
}

symbol_values measured_model::symbols(std::int64_t batch) const {
  symbol_values result(model->symbols().size(), 3); // beside the batch: steps, of the small LSTM alone
  result[0] = batch;
  return result;
}

const std::vector<measured_model>& measured_models(bool small) {
  static const auto make = [](bool of_small) -> std::vector<measured_model> {
    if (of_small)
      return {{"tiny_resnet", tiny_resnet()}, {"tiny_lstm", tiny_lstm()}};
    return {{"resnet50", resnet50()}, {"lstm", lstm()}};
  };
  if (small) {
    static const auto tiny = make(true);
    return tiny;
  }
  static const auto full = make(false);
  return full;
}

const std::vector<std::int64_t>& measured_batches(bool small) {
  static const std::vector<std::int64_t> few{1, 4};
  static const std::vector<std::int64_t> all{1, 32};
  return small ? few : all;
}

const measured_model& measured(const std::string& name, bool small) {
  for (const auto& m : measured_models(small))
    if (m.name == name)
      return m;
  throw std::runtime_error("there is no model '" + name + "'");
}

} // namespace baton::gpu_check
