#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/ids.hpp"
#include "metadata/layer.hpp"
#include "metadata/seeded_numbers.hpp"
#include "metadata/tensor.hpp"

namespace baton::metadata {

enum class value_origin : std::uint8_t {
  input,    ///< given by the client
  weight,   ///< constant, held by reference
  computed, ///< written by one layer
  alias,    ///< the bytes of another value under another shape (Flatten, Reshape, Squeeze, Identity)
};

/// Where a weight's bytes are: in a file, here, or nowhere, since they can be made. Little-endian, canonical layout.
struct weight_source {
  std::filesystem::path file; ///< empty: the bytes are `inline_bytes`, or `seeded`
  std::uint64_t offset = 0;   ///< into `file`
  std::uint64_t bytes = 0;
  std::vector<std::byte> inline_bytes;  ///< for small constants that the file does not hold as plain bytes
  std::optional<seeded_numbers> seeded; ///< float32 that are made each time they are read
};

struct value {
  std::string name;
  element_type type = element_type::float32;
  dims shape;
  std::optional<std::uint32_t> batch_axis; ///< the axis that is the batch, if any
  value_origin origin = value_origin::computed;
  value_index alias_of = none; ///< for `alias`: the value whose bytes these are (never itself an alias)
  weight_source weight;        ///< for `weight`
};

/// A model: layers in topological order over values. Immutable after `make`; shared by all threads.
class model {
public:
  struct parts {
    std::string name;
    std::vector<std::string> symbols; ///< names; every symbol appears in some input's shape
    std::vector<value> values;
    std::vector<layer> layers;
    std::vector<value_index> inputs;
    std::vector<value_index> outputs;
  };
  /// Checks that the parts are consistent (topological order, one writer each, aliases resolved) and computes live
  /// sets. Errors: `bad_model` naming the layer or value.
  static expected<std::shared_ptr<const model>> make(parts p);

  const std::string& name() const { return p_.name; }
  const std::vector<std::string>& symbols() const { return p_.symbols; }
  const std::vector<value>& values() const { return p_.values; }
  const std::vector<layer>& layers() const { return p_.layers; }
  /// Client inputs and outputs in the file's order. An output is never an input, a weight, or twice the same bytes.
  const std::vector<value_index>& inputs() const { return p_.inputs; }
  const std::vector<value_index>& outputs() const { return p_.outputs; }

  /// The value whose bytes `v` is: itself unless it is an alias.
  value_index root(value_index v) const;
  /// The layer that writes root value `v`, if one does.
  std::optional<std::uint32_t> writer(value_index v) const;
  /// The last layer that reads root value `v`; `layers().size()` for an output; nothing if nobody reads it.
  std::optional<std::uint32_t> last_reader(value_index v) const;

  /// The root values (inputs and computed; no weights) that must travel if a task moves at `at`, ascending: written
  /// (inside a layer: also partly written) and still to be read. Inside a layer its state travels as well.
  std::vector<value_index> live_values(position at) const;
  /// Bytes of the live set at `at`, carried state included.
  dim live_bytes(position at) const;

  dim elements(value_index v) const;
  dim bytes(value_index v) const;
  /// Floating-point operations of one run of the layer (a multiply-add counts two).
  dim flops(std::uint32_t layer) const;
  /// Bytes read and written by the layer: operands, weights and outputs once each; of a gather's data the rows picked.
  dim traffic(std::uint32_t layer) const;
  std::uint64_t parameters() const; ///< weight elements
  std::uint64_t weight_bytes() const;

  /// The extents of `v` with the symbols bound.
  std::vector<std::int64_t> shape(value_index v, std::span<const std::int64_t> symbols) const;
  /// Finds the symbols from the inputs' shapes and checks types and extents against them.
  /// Errors: `bad_request` naming the input. `inputs` is in the order of `inputs()`.
  expected<symbol_values> bind(std::span<const tensor> inputs) const;

  /// Reads the file, or makes the numbers. Errors: `io` if the file cannot be read or has become shorter.
  expected<tensor> read_weight(value_index v) const;

private:
  explicit model(parts p) : p_(std::move(p)) {}
  parts p_;
  std::vector<std::optional<std::uint32_t>> writer_;
  std::vector<std::optional<std::uint32_t>> last_reader_;
};

} // namespace baton::metadata
