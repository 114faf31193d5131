#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metadata/model.hpp"

namespace baton::metadata::importer {

/// What a fusion pass does to the layers: finds who alone reads whose result, lets one layer take another's result
/// over. Removed layers and chains of aliases are cleared up on destruction.
class rewriter {
public:
  explicit rewriter(model::parts& p);
  ~rewriter();
  rewriter(const rewriter&) = delete;
  rewriter& operator=(const rewriter&) = delete;

  std::uint32_t layers() const { return static_cast<std::uint32_t>(p_.layers.size()); }
  bool is_removed(std::uint32_t layer) const { return removed_[layer]; }
  layer& at(std::uint32_t layer) { return p_.layers[layer]; }
  const value& operator[](value_index v) const { return p_.values[v]; }

  /// The value whose bytes `v` is.
  value_index root(value_index v) const;
  /// A new constant: a vector of float32.
  value_index add_constant(std::string name, const std::vector<float>& numbers);
  /// The layer that writes the bytes of `v`, if these are read just once, and are no output of the model.
  std::optional<std::uint32_t> sole_writer(value_index v) const;
  /// Whether `v` is its writer's result itself, not a view of it.
  bool is_direct(value_index v) const { return p_.values[v].origin == value_origin::computed; }

  /// `producer` writes what `consumer` wrote: the same bytes as its own result, which only `consumer` read. Removes
  /// `consumer`.
  void take_over(std::uint32_t producer, std::uint32_t consumer);
  /// Puts `producer` into `consumer`'s place in the order, and takes its result over.
  void move_and_take_over(std::uint32_t producer, std::uint32_t consumer);

private:
  model::parts& p_;
  std::vector<std::uint32_t> uses_;   // by root value: operands and outputs
  std::vector<std::uint32_t> writer_; // by root value
  std::vector<bool> removed_;
};

} // namespace baton::metadata::importer
