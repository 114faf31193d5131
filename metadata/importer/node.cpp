#include "metadata/importer/node.hpp"

#include <utility>

#include "metadata/importer/order.hpp"

namespace baton::metadata::importer {

node::node(graph& g, const node_entry& entry) : graph_(g), entry_(entry), attributes_(entry.proto) {}

bool node::has(std::size_t i) const {
  return i < inputs() && !entry_.proto.input(static_cast<int>(i)).empty();
}

value_index node::operand(std::size_t i) const {
  demand(has(i), "its input " + std::to_string(i) + " is missing");
  return graph_.find(entry_.proto.input(static_cast<int>(i)));
}

const std::string& node::output(std::size_t i) const {
  static const std::string absent;
  return i < static_cast<std::size_t>(entry_.proto.output_size()) ? entry_.proto.output(static_cast<int>(i)) : absent;
}

bool node::is_wanted(std::size_t i) const {
  return !output(i).empty() && graph_.is_read(output(i));
}

std::string node::layer_name() const {
  return name_of(entry_.proto);
}

void node::emit(const layer_attributes& a, std::vector<value_index> operands) {
  demand(!output().empty(), "its result has no name");
  graph_.bind(output(), graph_.add_layer(layer_name(), a, std::move(operands), {output()})[0]);
}

value_index node::emit_step(const std::string& what, const layer_attributes& a, std::vector<value_index> operands) {
  const auto name = layer_name() + '/' + what;
  return graph_.add_layer(name, a, std::move(operands), {name})[0];
}

void node::emit_view(value_index v, dims shape) {
  demand(!output().empty(), "its result has no name");
  graph_.bind(output(), graph_.view(v, std::move(shape), output()));
}

void node::emit_known(element_type type, const std::vector<std::int64_t>& shape, dims elements) {
  demand(!output().empty(), "its result has no name");
  graph_.bind(output(), graph_.add_known(layer_name(), output(), type, shape, std::move(elements)));
}

void node::demand_operands(std::size_t least, std::size_t most) const {
  demand(inputs() >= least && inputs() <= most, "it has " + std::to_string(inputs()) + " inputs, not "
                                                    + std::to_string(least)
                                                    + (least == most ? "" : " to " + std::to_string(most)));
}

std::uint32_t node::axis(std::int64_t given, std::size_t rank) const {
  const auto signed_rank = static_cast<std::int64_t>(rank);
  demand(given >= -signed_rank && given < signed_rank,
         "axis " + std::to_string(given) + " lies outside " + std::to_string(rank) + " extents");
  return static_cast<std::uint32_t>(given < 0 ? given + signed_rank : given);
}

} // namespace baton::metadata::importer
