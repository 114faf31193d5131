#pragma once

#include <string>
#include <vector>

#include "metadata/importer/attributes.hpp"
#include "metadata/importer/graph.hpp"

namespace baton::metadata::importer {

/// One node on its way into the graph: operands, attributes, results. Throws `problem`.
class node {
public:
  node(graph& g, const node_entry& entry);

  graph& in() const { return graph_; }
  attributes& attrs() { return attributes_; }
  const std::optional<tensor_entry>& constant() const { return entry_.constant; }

  std::size_t inputs() const { return static_cast<std::size_t>(entry_.proto.input_size()); }
  bool has(std::size_t i) const;
  value_index operand(std::size_t i) const;
  value_index optional_operand(std::size_t i) const { return has(i) ? operand(i) : none; }
  const dims& shape(std::size_t i) const { return graph_.at(operand(i)).shape; }

  std::size_t outputs() const { return static_cast<std::size_t>(entry_.proto.output_size()); }
  const std::string& output(std::size_t i = 0) const;
  /// Whether result `i` has a name that someone reads.
  bool is_wanted(std::size_t i) const;

  /// Adds a layer whose only result is this node's first.
  void emit(const layer_attributes& a, std::vector<value_index> operands);
  /// Adds a layer on the way to the result; `what` tells it apart.
  value_index emit_step(const std::string& what, const layer_attributes& a, std::vector<value_index> operands);
  /// This node's first result is `v` under another shape.
  void emit_view(value_index v, dims shape);

  /// What is known of operand `i`'s elements; see `graph::known`.
  std::optional<dims> known(std::size_t i) const { return graph_.known(operand(i)); }
  /// This node's first result is known to hold these elements.
  void emit_known(element_type type, const std::vector<std::int64_t>& shape, dims elements);

  /// Checks that there are between `least` and `most` operands.
  void demand_operands(std::size_t least, std::size_t most) const;
  /// An attribute or constant axis, negative counting from the end, as an index below `rank`.
  std::uint32_t axis(std::int64_t given, std::size_t rank) const;
  std::string layer_name() const;

private:
  graph& graph_;
  const node_entry& entry_;
  attributes attributes_;
};

} // namespace baton::metadata::importer
