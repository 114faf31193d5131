#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/tensor.hpp"

/// Numbers of tensors as JSON text, both ways. An element keeps its bits: floats are written with the fewest digits
/// that read back as the same float, and are read straight into one, without a detour over double.
namespace baton::apps::http {

/// A (nested) array of numbers as it was read. Whole numbers stay whole until a fraction, an exponent or a number too
/// large for int64 shows up; then all become floats.
struct json_numbers {
  bool whole = true;
  std::vector<std::int64_t> integers; ///< if whole
  std::vector<float> floats;          ///< if not
  std::vector<std::int64_t> extents;  ///< of the nesting: [[1,2],[3,4],[5,6]] has 3, 2; never empty

  std::size_t size() const { return whole ? integers.size() : floats.size(); }
};

/// Reads an array of numbers that begins at `text[at]`, a '['; `at` is moved behind its ']'.
/// Errors: `bad_request`: not JSON, not numbers, ragged, nested deeper than `depth`, beyond float's range.
expected<json_numbers> read_numbers(std::string_view text, std::size_t& at, std::size_t depth);

/// The numbers as a tensor: flat data, or data nested as `shape` says.
/// Errors: `bad_request` naming `name`: count or nesting differ from the shape, fractions for INT64.
expected<metadata::tensor> to_tensor(json_numbers numbers, const std::string& name, metadata::element_type type,
                                     std::vector<std::int64_t> shape);

/// Appends the elements as a flat JSON array. False if one is not finite: JSON has no word for it.
bool append_numbers(std::string& out, const metadata::tensor& t);

/// "[1,3,-1]"
std::string shape_text(const std::vector<std::int64_t>& shape);

} // namespace baton::apps::http
