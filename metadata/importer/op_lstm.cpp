#include <algorithm>

#include "metadata/defaults.hpp"
#include "metadata/importer/operators.hpp"

namespace baton::metadata::importer {

void import_lstm(node& n) {
  n.demand_operands(3, 8);
  auto& attrs = n.attrs();
  demand(attrs.text("direction", "forward") == "forward", "only direction 'forward' is supported");
  demand(attrs.integer("layout", 0, 0, 1) == 0, "only layout 0 is supported");
  demand(attrs.integer("input_forget", 0, 0, 1) == 0, "input_forget is not supported");
  const auto activations = attrs.texts("activations");
  demand(activations.empty() || activations == std::vector<std::string>{"Sigmoid", "Tanh", "Tanh"},
         "only the default activations are supported");
  demand(!n.has(4), "sequence_lens is not supported");
  demand(!n.has(7), "peepholes are not supported");
  demand(n.shape(2).size() == 3, "its r " + n.in().text(n.shape(2)) + " must have 3 extents");
  const auto hidden = n.shape(2)[2].constant();
  demand(hidden.has_value(), "its r must be a constant");
  demand(attrs.integer("hidden_size", *hidden, 1, defaults::max_attribute) == *hidden,
         "hidden_size does not fit r " + n.in().text(n.shape(2)));

  std::vector<std::string> outputs;
  for (std::size_t i = 0; i < 3; ++i)
    outputs.push_back(n.is_wanted(i) ? n.output(i) : "");
  if (std::all_of(outputs.begin(), outputs.end(), [](const auto& name) { return name.empty(); }))
    return; // nobody reads it
  auto& g = n.in();
  const auto made = g.add_layer(
      n.layer_name(), lstm_layer{*hidden},
      {n.operand(0), n.operand(1), n.operand(2), n.optional_operand(3), n.optional_operand(5), n.optional_operand(6)},
      outputs);
  for (std::size_t i = 0; i < 3; ++i)
    if (made[i] != none)
      g.bind(outputs[i], made[i]);
}

} // namespace baton::metadata::importer
