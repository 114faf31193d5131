#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "gpu/cpu/kernels.hpp"
#include "gpu/recurrent.hpp"

/// What LSTM, GRU and plain RNN share: each runs one step of one direction as a part, by one call of oneDNN.
namespace baton::gpu::cpu {

/// Where one step finds what it reads and writes.
struct recurrent_places {
  place x;                   ///< [1, N, I]
  place all_x;               ///< [S, N, I]
  place y;                   ///< [1, N, H]
  std::vector<place> before; ///< by state, [1, 1, N, H]: what the step reads
  std::vector<place> after;  ///< by state: what it writes, the carried state
  std::uint32_t direction = 0;
  bool backwards = false; ///< the last step comes first
  part_range parts;       ///< of this direction
};

/// Makes the parts: for each direction what brings the carried state, then what `add_step` adds, then what makes the
/// last state a result. Sets the number of parts and the state's size.
void build_directions(layer_builder& b, const recurrent_extents& e,
                      const std::function<void(const recurrent_places&)>& add_step);

/// Writes an operand's piece in oneDNN's order. The source is null where the operand is absent.
using gate_filler = std::function<void(const float* from, std::span<float> to)>;

/// Operand `role`'s piece of one direction, laid out ahead of time if it is a weight, else in each part.
/// `given` is the plain layout that `fill` writes.
operand recurrent_weights(layer_builder& b, const recurrent_places& at, weight_role as, std::size_t role,
                          const layout& wanted, const layout& given, const gate_filler& fill);

/// w or r of one direction, [G*H, K] with gates in ONNX's order, as [1, 1, K, G, H]: gate g is ONNX's `order[g]`.
gate_filler fill_gates(std::vector<std::size_t> order, std::int64_t depth, std::int64_t hidden);
/// The sums of w's and r's biases by gate; with `last_apart` a further gate's worth: the last gate's recurrent bias,
/// which then is not in its sum.
gate_filler fill_biases(std::vector<std::size_t> order, std::int64_t hidden, bool last_apart = false);

/// An LSTM's w, r or biases of one direction in panels of 64 columns, as `lstm_cell` has the sums: 16 units of each of
/// the gates i, f, o and candidate, then the next 16; columns behind the last unit are 0. As [panels, K, 64], or the
/// panels side by side, [K, panels * 64].
gate_filler fill_lstm_panels(std::int64_t depth, std::int64_t hidden, bool side_by_side);
gate_filler fill_lstm_panel_biases(std::int64_t hidden);
std::int64_t lstm_panels(std::int64_t hidden);

/// An LSTM whose weights are constants, without peepholes, in float32: the products by `panel_product`, that with w for
/// all steps of a submission at once, up to some. Measured against oneDNN's matmul, 64 steps of 256: see
/// docs/performance.md.
void build_lstm_of_panels(layer_builder& b, const recurrent_extents& e);
/// The same with factors of any type by oneDNN's matmul: the product with w for several steps at once, those with r and
/// the rest step by step.
void build_lstm_of_products(layer_builder& b, const recurrent_extents& e);

/// Whether w and r are both weights, so that oneDNN may choose how they lie.
bool has_fixed_weights(const layer_builder& b);

/// `with_weights_of_one` for two weights. `describe(batch, w, r)` makes the primitive's
/// description.
template <class Describe>
auto choose_recurrent(const layer_builder& b, const recurrent_extents& e, Describe describe) {
  const extents w{1, 1, e.input, e.gates, e.hidden};
  const extents r{1, 1, e.hidden, e.gates, e.hidden};
  if (!has_fixed_weights(b))
    return describe(e.batch, plain_layout(w), plain_layout(r));
  auto single = describe(1, any_layout(w), any_layout(r));
  if (e.batch == 1)
    return single;
  try {
    auto shared = describe(e.batch, single.weights_layer_desc(), single.weights_iter_desc());
    // Plain weights are run by oneDNN's `ref`; it is the best there is where a batch of one gets it too.
    if (std::string_view(shared.impl_info_str()) == single.impl_info_str())
      return shared;
  } catch (const dnnl::error&) {
    // This batch has no kernel for that layout.
  }
  return describe(e.batch, any_layout(w), any_layout(r));
}

} // namespace baton::gpu::cpu
