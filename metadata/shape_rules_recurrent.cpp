#include "metadata/defaults.hpp"
#include "metadata/shape_rules_detail.hpp"

/// Layers whose parts are the steps of a sequence.
namespace baton::metadata::rules {

namespace {

/// What a recurrent kind has besides its directions.
struct cell {
  std::int64_t hidden;
  recurrent_direction direction;
  std::int64_t gates;
  std::int64_t states; ///< carried from step to step: h, or h and c
};

layer_shape recurrent(const cell& a, const operands& in) {
  demand(a.hidden >= 1 && a.hidden <= defaults::max_attribute, "its hidden size must be positive");
  const auto& x = in.floats(0, 3);
  const auto& steps = x.shape[0];
  const auto& batch = x.shape[1];
  const dim directions = directions_of(a.direction);
  const dim hidden = a.hidden;
  const auto rows = dim(a.gates) * hidden;
  in.expect(1, {directions, rows, x.shape[2]});
  in.expect(2, {directions, rows, hidden});
  in.expect(3, {directions, dim(2) * rows});
  const dims state{directions, batch, hidden};
  for (std::int64_t i = 0; i < a.states; ++i)
    in.expect(4 + static_cast<std::size_t>(i), state);
  const auto has_batch = x.batch_axis == 1U;
  const auto axis = [&](std::uint32_t i) { return has_batch ? std::optional(i) : std::nullopt; };
  layer_shape result;
  result.outputs.push_back({element_type::float32, {steps, directions, batch, hidden}, axis(2)});
  for (std::int64_t i = 0; i < a.states; ++i)
    result.outputs.push_back({element_type::float32, state, axis(1)});
  result.parts = directions * steps;
  result.state_bytes = dim(a.states * static_cast<std::int64_t>(sizeof(float))) * batch * hidden;
  return result;
}

} // namespace

layer_shape infer(const lstm_layer& a, const operands& in) {
  auto result = recurrent({a.hidden, a.direction, 4, 2}, in);
  in.expect(6, {dim(directions_of(a.direction)), dim(3) * dim(a.hidden)});
  return result;
}

layer_shape infer(const gru_layer& a, const operands& in) {
  return recurrent({a.hidden, a.direction, 3, 1}, in);
}

layer_shape infer(const rnn_layer& a, const operands& in) {
  return recurrent({a.hidden, a.direction, 1, 1}, in);
}

} // namespace baton::metadata::rules
