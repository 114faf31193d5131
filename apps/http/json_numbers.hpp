#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/tensor.hpp"

/// Elements of tensors as JSON text, both ways. An element keeps its bits: floats are written with the fewest digits
/// that read back as the same float, and are read straight into one, without a detour over double. BOOL is true and
/// false (0 and 1 are read too); FP16 and BF16 are read as FP32 and rounded to nearest even.
namespace baton::apps::http {

/// The text of a (nested) array as it stands in a body, found but not yet read.
struct data_text {
  std::string_view text; ///< from '[' to its ']'; empty: there is none
  std::size_t commas = 0;

  bool there() const { return !text.empty(); }
};

/// Finds the array that begins at `text[at]`, a '[', and moves `at` behind it. What lies within is not checked.
/// Errors: `bad_request`: it does not end, or is nested deeper than `depth`.
expected<data_text> find_array(std::string_view text, std::size_t& at, std::size_t depth);

/// The elements as a tensor: flat data, or data nested as `shape` says. Nothing is allocated before their number is
/// known to fit the shape. Errors: `bad_request` naming `name`: not JSON, not the type's elements, out of its range,
/// ragged, count or nesting other than the shape's.
expected<metadata::tensor> read_elements(const data_text& data, const std::string& name, metadata::element_type type,
                                         std::vector<std::int64_t> shape);

/// Elements of such a shape; `bad_request` naming `name` if an extent is negative or there are more than `most`.
expected<std::size_t> count_elements(const std::string& name, const std::vector<std::int64_t>& shape, std::size_t most);

/// Appends the elements as a flat JSON array. False if one is not finite: JSON has no word for it.
bool append_elements(std::string& out, const metadata::tensor& t);

/// Calls `f` with a value of the C++ type that holds the elements: bool for BOOL, std::uint16_t for FP16 and BF16.
template <class F>
auto with_element(metadata::element_type type, F&& f) {
  using enum metadata::element_type;
  switch (type) {
  case boolean: return f(bool{});
  case int8: return f(std::int8_t{});
  case int16: return f(std::int16_t{});
  case int32: return f(std::int32_t{});
  case int64: return f(std::int64_t{});
  case uint8: return f(std::uint8_t{});
  case float16:
  case bfloat16:
  case uint16: return f(std::uint16_t{});
  case uint32: return f(std::uint32_t{});
  case uint64: return f(std::uint64_t{});
  case float64: return f(double{});
  default: return f(float{});
  }
}

/// "[1,3,-1]"
std::string shape_text(const std::vector<std::int64_t>& shape);

} // namespace baton::apps::http
