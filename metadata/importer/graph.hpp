#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "metadata/importer/collector.hpp"
#include "metadata/importer/onnx_reader.hpp"
#include "metadata/importer/problem.hpp"
#include "metadata/model.hpp"
#include "metadata/shape_rules.hpp"

namespace baton::metadata::importer {

/// The model while it grows: values by name, layers in topological order. Throws `problem`.
class graph {
public:
  graph(std::string name, std::int64_t opset);

  std::int64_t opset() const { return opset_; }
  model::parts& parts() { return parts_; }
  const value& at(value_index v) const { return parts_.values[v]; }
  std::string text(const dims& shape) const { return to_string(shape, parts_.symbols); }

  /// An input of the model.
  value_index add_input(const std::string& name, element_type type, dims shape);
  /// The graph's inputs that no initializer fills, and the symbols in them.
  void add_inputs(const onnx_file& file, collector& problems);
  /// Finds the symbol that is the batch, and the inputs' axes that are. @pre all inputs are there
  void mark_batch();
  /// A constant known by its entry's name. A type that no layer takes is an error only when it is read.
  void add_constant(const tensor_entry& entry, const std::string& name);
  /// A constant that stands in no file. @pre `bytes` fill the shape
  value_index add_weight(const std::string& name, element_type type, dims shape, std::span<const std::byte> bytes);
  /// A float32 constant that is made of random numbers.
  value_index add_seeded(const std::string& name, dims shape, const seeded_numbers& numbers);
  /// A small int64 constant that stands in no file.
  value_index add_integers(const std::string& name, dims shape, const std::vector<std::int64_t>& elements);
  /// A small float32 constant that stands in no file.
  value_index add_floats(const std::string& name, dims shape, const std::vector<float>& elements);

  /// The value of that name.
  value_index bound(const std::string& name) const;
  /// The same; where it is only another name of the same bytes and shape, the original.
  value_index find(const std::string& name) const;
  void bind(const std::string& name, value_index v);
  bool is_known(const std::string& name) const { return by_name_.contains(name) || unusable_.contains(name); }
  /// The value of that name is the result of something with a problem.
  void mark_unknown(const std::string& name) { unknown_.insert(name); }
  bool is_unknown(const std::string& name) const { return unknown_.contains(name); }
  void mark_read(const std::string& name) { read_.insert(name); }
  bool is_read(const std::string& name) const { return read_.contains(name); }

  /// Adds a layer; `outputs` names its results, empty where absent.
  std::vector<value_index> add_layer(const std::string& name, const layer_attributes& attributes,
                                     std::vector<value_index> inputs, const std::vector<std::string>& outputs);
  /// The layer that writes `v`; null if none does.
  const layer* writer(value_index v) const;
  /// The bytes of `v` under another shape: an alias, or another constant if `v` is one.
  value_index view(value_index v, dims shape, const std::string& name);

  // -- small values the importer itself reads ------------------------------------------------------------------------

  /// A small constant of any type.
  tensor constant(value_index v) const;
  /// The elements of a small int64 or int32 constant.
  std::vector<std::int64_t> integers(value_index v) const;
  /// The only element of a constant, as a double.
  double number(value_index v) const;
  /// The elements of a short int64 or int32 value, if they follow from the symbols alone.
  std::optional<dims> known(value_index v) const;
  /// A value of which `known` will say these elements: a constant if they are, else the result of a shape layer.
  value_index add_known(const std::string& layer_name, const std::string& name, element_type type,
                        const std::vector<std::int64_t>& shape, dims elements);
  /// Whether `elements` more may be computed at import: a bound on what a hostile graph can cost.
  bool may_fold(std::size_t elements);

  /// `name`, or with a number behind it if a layer is called so already.
  std::string unique_layer_name(const std::string& name);

private:
  value_index add(value v);

  model::parts parts_;
  std::int64_t opset_;
  std::unordered_map<std::string, value_index> by_name_;
  std::unordered_map<value_index, std::size_t> writer_;
  std::unordered_map<std::string, std::string> unusable_; // constants of other element types, and what these are
  std::unordered_set<std::string> read_;                  // names that some node or the graph's outputs read
  std::unordered_set<std::string> unknown_;               // names of what could not be imported
  std::unordered_map<std::string, std::uint32_t> layer_names_;
  std::unordered_map<value_index, dims> known_; // what symbols make of it, beside the constants
  std::uint64_t copied_bytes_ = 0;
  std::size_t folded_ = 0;
};

} // namespace baton::metadata::importer
