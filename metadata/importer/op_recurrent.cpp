#include <algorithm>
#include <array>

#include "metadata/defaults.hpp"
#include "metadata/importer/operators.hpp"

/// LSTM, GRU and RNN. With layout 1, which has the batch first, they stand between transposes.
namespace baton::metadata::importer {

namespace {

enum role : std::size_t { x, w, r, b, sequence_lens, initial_h };

recurrent_direction direction_of(attributes& attrs) {
  const auto text = attrs.text("direction", "forward");
  if (text == "forward")
    return recurrent_direction::forward;
  if (text == "reverse")
    return recurrent_direction::reverse;
  demand(text == "bidirectional", "direction '" + text + "' is unknown");
  return recurrent_direction::bidirectional;
}

/// The activations of one direction, which must be the other's too. `otherwise` if none are given.
std::vector<std::string> activations(node& n, recurrent_direction direction,
                                     const std::vector<std::string>& otherwise) {
  n.attrs().ignore("activation_alpha"); // those that are supported take none
  n.attrs().ignore("activation_beta");
  const auto given = n.attrs().texts("activations");
  if (given.empty())
    return otherwise;
  const auto each = otherwise.size();
  demand(given.size() == each * static_cast<std::size_t>(directions_of(direction)),
         "it has " + std::to_string(given.size()) + " activations, not " + std::to_string(each)
             + " for each direction");
  std::vector<std::string> first(given.begin(), given.begin() + static_cast<std::ptrdiff_t>(each));
  demand(std::equal(first.begin(), first.end(), given.end() - static_cast<std::ptrdiff_t>(each)),
         "activations that differ by direction are not supported");
  return first;
}

void demand_default(const std::vector<std::string>& given, const std::vector<std::string>& supported) {
  demand(given == supported, "activations other than the default ones are not supported");
}

/// Sequences that end early are not supported; lengths may only say that none does.
void demand_full_length(node& n, const dim& steps) {
  if (!n.has(sequence_lens))
    return;
  auto& g = n.in();
  const auto& lengths = g.at(n.operand(sequence_lens));
  demand(lengths.origin == value_origin::weight, "sequence_lens must be a constant");
  for (const auto length : g.integers(n.operand(sequence_lens)))
    demand(dim(length) == steps, "sequence_lens has " + std::to_string(length) + " where the sequences are "
                                     + steps.to_string(g.parts().symbols) + " long: shorter ones are not supported");
}

/// What the kinds have in common.
class recurrent {
public:
  /// @pre `n` has at least w and r
  explicit recurrent(node& n) : n_(n) {
    demand(n.shape(x).size() == 3, "its x " + n.in().text(n.shape(x)) + " must have 3 extents");
    demand(n.shape(r).size() == 3, "its r " + n.in().text(n.shape(r)) + " must have 3 extents");
    const auto extent = n.shape(r)[2].constant();
    demand(extent.has_value(), "its r must have constant extents");
    hidden_ = *extent;
    auto& attrs = n.attrs();
    demand(attrs.integer("hidden_size", hidden_, 1, defaults::max_attribute) == hidden_,
           "hidden_size does not fit r " + n.in().text(n.shape(r)));
    demand(attrs.find("clip", onnx::AttributeProto::FLOAT) == nullptr, "clip is not supported");
    direction_ = direction_of(attrs);
    batch_first_ = attrs.integer("layout", 0, 0, 1) == 1;
    demand_full_length(n, n.shape(x)[batch_first_ ? 1 : 0]);
  }

  std::int64_t hidden() const { return hidden_; }
  recurrent_direction direction() const { return direction_; }

  /// Adds the layer, with the initial states given by these roles, then operands that need no turning.
  void emit(const layer_attributes& a, const std::vector<std::size_t>& states, std::vector<value_index> rest = {}) {
    std::vector<std::string> outputs;
    for (std::size_t i = 0; i <= states.size(); ++i)
      outputs.push_back(!n_.is_wanted(i) ? "" : batch_first_ ? n_.layer_name() + '/' + result_names[i] : n_.output(i));
    if (std::all_of(outputs.begin(), outputs.end(), [](const auto& name) { return name.empty(); }))
      return; // nobody reads it
    std::vector<value_index> operands{turned(x), n_.operand(w), n_.operand(r), n_.optional_operand(b)};
    for (const auto state : states)
      operands.push_back(turned(state));
    operands.insert(operands.end(), rest.begin(), rest.end());
    auto& g = n_.in();
    const auto made = g.add_layer(n_.layer_name(), a, std::move(operands), outputs);
    for (std::size_t i = 0; i < made.size(); ++i) {
      if (made[i] == none)
        continue;
      // [S,D,N,H] becomes [N,S,D,H], [D,N,H] becomes [N,D,H]
      const auto back = i == 0 ? transpose_layer{{2, 0, 1, 3}} : transpose_layer{{1, 0, 2}};
      g.bind(n_.output(i),
             !batch_first_ ? made[i] : g.add_layer(outputs[i] + "/batch_first", back, {made[i]}, {n_.output(i)})[0]);
    }
  }

private:
  static constexpr std::array result_names{"Y", "Y_h", "Y_c"};

  /// Operand `role` with the batch on axis 1.
  value_index turned(std::size_t role) {
    const auto v = n_.optional_operand(role);
    if (v == none || !batch_first_)
      return v;
    demand(n_.shape(role).size() == 3,
           "its input " + std::to_string(role) + ' ' + n_.in().text(n_.shape(role)) + " must have 3 extents");
    return n_.emit_step("input_" + std::to_string(role), transpose_layer{{1, 0, 2}}, {v});
  }

  node& n_;
  std::int64_t hidden_ = 0;
  recurrent_direction direction_{};
  bool batch_first_ = false;
};

} // namespace

void import_lstm(node& n) {
  n.demand_operands(3, 8);
  recurrent common(n);
  demand(!n.attrs().flag("input_forget", false), "input_forget is not supported");
  const std::vector<std::string> supported{"Sigmoid", "Tanh", "Tanh"};
  demand_default(activations(n, common.direction(), supported), supported);
  common.emit(lstm_layer{common.hidden(), common.direction()}, {initial_h, initial_h + 1}, {n.optional_operand(7)});
}

void import_gru(node& n) {
  n.demand_operands(3, 6);
  recurrent common(n);
  const std::vector<std::string> supported{"Sigmoid", "Tanh"};
  demand_default(activations(n, common.direction(), supported), supported);
  const auto before = n.attrs().integer("linear_before_reset", 0, INT32_MIN, INT32_MAX) != 0;
  common.emit(gru_layer{common.hidden(), common.direction(), before}, {initial_h});
}

void import_rnn(node& n) {
  n.demand_operands(3, 6);
  recurrent common(n);
  using enum function;
  const auto name = activations(n, common.direction(), {"Tanh"})[0];
  demand(name == "Tanh" || name == "Relu" || name == "Sigmoid", "activation '" + name + "' is not supported");
  const auto act = name == "Tanh" ? tanh : name == "Relu" ? relu : sigmoid;
  common.emit(rnn_layer{common.hidden(), common.direction(), act}, {initial_h});
}

} // namespace baton::metadata::importer
