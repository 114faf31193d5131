#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gpu/place.hpp"
#include "metadata/model.hpp"

namespace baton::gpu {

using extents = std::vector<std::int64_t>;

std::int64_t elements_of(const extents& shape);
/// Of the plain layout, in elements.
extents row_major_strides(const extents& shape);
/// Steps along `rank` axes of an operand of that shape which numpy's broadcasting repeats along some.
extents repeating_strides(const extents& shape, std::size_t rank);
/// The shape behind as many extents of 1 as make it `rank` long.
extents padded_rank(const extents& shape, std::size_t rank);

/// One layer of a model at one shape: what its builder asks about it, whatever the backend. What it refuses with is
/// thrown as `failure`.
class layer_view {
public:
  /// Both must outlive it.
  layer_view(const metadata::model& model, const metadata::symbol_values& symbols, std::uint32_t index)
      : model_(model), symbols_(symbols), index_(index), layer_(model.layers()[index]) {}

  const metadata::layer& what() const { return layer_; }
  std::uint32_t index() const { return index_; }
  const metadata::model& model() const { return model_; }
  /// Whether operand `role` is there.
  bool has(std::size_t role) const;
  bool has_output(std::size_t role) const;
  value_index input_value(std::size_t role) const { return layer_.inputs.at(role); }
  value_index root(value_index v) const { return model_.root(v); }
  extents shape(value_index v) const { return model_.shape(v, symbols_); }
  extents input_shape(std::size_t role) const { return shape(input_value(role)); }
  extents output_shape(std::size_t role = 0) const { return shape(layer_.outputs.at(role)); }
  /// The extent at this shape.
  std::int64_t bound(const metadata::dim& extent) const { return extent.bind(symbols_); }
  metadata::element_type type(value_index v) const { return model_.values()[v].type; }
  bool is_weight(value_index v) const;
  /// The numbers of weight operand `role`, in host memory, read anew. `bad_model` if it is none or not float32.
  metadata::tensor read_weight(std::size_t role) const;
  /// Bytes of `v` in the plain layout.
  std::size_t plain_bytes(value_index v) const;

  /// This layer cannot run at this shape.
  [[noreturn]] void unfit(const std::string& reason) const;
  /// This layer cannot run here.
  [[noreturn]] void unsupported(const std::string& reason) const;
  void require_float(value_index v) const;

private:
  const metadata::model& model_;
  const metadata::symbol_values& symbols_;
  std::uint32_t index_;
  const metadata::layer& layer_;
};

} // namespace baton::gpu
