#include "apps/http/json_numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>

#include <fmt/format.h>

#include "apps/http/json_array_reader.hpp"
#include "metadata/half.hpp"

namespace baton::apps::http {

namespace {

using metadata::element_type;

// -- one element ------------------------------------------------------------------------------------------------------
// Each returns what is wrong, or nothing.

problem beyond(const token& t, element_type type) {
  return fmt::format("holds {}, beyond the range of {}", t.shown(), metadata::to_string(type));
}

problem read_element(const token& t, element_type type, bool& out) {
  if (t.text == "true" || t.text == "1")
    out = true;
  else if (t.text == "false" || t.text == "0")
    out = false;
  else
    return fmt::format("holds {}, which is no {}", t.shown(), metadata::to_string(type));
  return std::nullopt;
}

template <std::integral Int>
problem read_element(const token& t, element_type type, Int& out) {
  if (!t.whole || !(is_digit(t.text.front()) || t.text.front() == '-'))
    return fmt::format("holds {}, which is not a whole number as {} wants it", t.shown(), metadata::to_string(type));
  auto text = t.text == "-0" ? t.text.substr(1) : t.text;
  return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc{} ? std::nullopt
                                                                                        : beyond(t, type);
}

template <std::floating_point Float>
problem read_element(const token& t, element_type type, Float& out) {
  if (!is_digit(t.text.front()) && t.text.front() != '-')
    return fmt::format("holds {}, which is not a number", t.shown());
  const char* first = t.text.data();
  const char* last = first + t.text.size();
  auto failed = std::from_chars(first, last, out).ec == std::errc::result_out_of_range;
  if (failed) {
    // Too large or too small: a wider type tells which, and the small ones are rounded.
    long double wide = 0;
    auto again = std::from_chars(first, last, wide).ec;
    bool tiny = again == std::errc{} ? std::fabs(wide) < 1
                                     : t.text.find("e-") != t.text.npos || t.text.find("E-") != t.text.npos;
    if (!tiny)
      return beyond(t, type);
    out = again == std::errc{} ? static_cast<Float>(wide) : Float{0};
  }
  return std::isfinite(out) ? std::nullopt : beyond(t, type);
}

template <std::uint16_t (*Narrow)(float), float (*Widen)(std::uint16_t)>
problem read_narrow(const token& t, element_type type, std::uint16_t& out) {
  float x = 0;
  if (auto p = read_element(t, type, x))
    return p;
  out = Narrow(x);
  return std::isfinite(Widen(out)) ? std::nullopt : beyond(t, type);
}

// -- an array ---------------------------------------------------------------------------------------------------------

/// Reads `data` into `t`, which has as many elements as fit; returns what is wrong.
template <class T, class Read>
problem fill(const data_text& data, metadata::tensor& t, Read read, std::vector<std::int64_t>& extents) {
  auto values = t.as_mutable<T>();
  std::size_t n = 0;
  array_reader reader{data.text, [&](const token& one) -> problem {
                        return n < values.size() ? read(one, t.type(), values[n++]) : "holds more than its shape says";
                      }};
  if (auto p = reader.run())
    return p;
  if (n != values.size())
    return fmt::format("has {} elements for the shape {}", n, shape_text(t.shape()));
  extents = reader.extents();
  return std::nullopt;
}

} // namespace

expected<data_text> find_array(std::string_view text, std::size_t& at, std::size_t depth) {
  auto begin = at;
  std::size_t open = 0, commas = 0;
  for (; at < text.size(); ++at) {
    switch (text[at]) {
    case '[':
      if (++open > depth)
        return fail(errc::bad_request, fmt::format("is nested deeper than {} levels", depth));
      break;
    case ']':
      if (--open == 0) {
        ++at;
        return data_text{text.substr(begin, at - begin), commas};
      }
      break;
    case ',': ++commas; break;
    case '"': // strings are no numbers, but may hold brackets
      for (++at; at < text.size() && text[at] != '"'; ++at)
        if (text[at] == '\\')
          ++at;
      break;
    default: break;
    }
  }
  return fail(errc::bad_request, "ends within an array");
}

expected<std::size_t> count_elements(const std::string& name, const std::vector<std::int64_t>& shape,
                                     std::size_t most) {
  // Counted with a bound, so that absurd extents can neither overflow nor allocate. Extents beside a 0 have no elements
  // to bound them.
  bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  auto bound = empty ? std::int64_t{1} << 40 : static_cast<std::int64_t>(most);
  std::int64_t count = 1;
  bool fits = true;
  for (auto extent : shape) {
    if (extent < 0)
      return fail(errc::bad_request, fmt::format("tensor '{}': extent {} of its shape is negative", name, extent));
    if (extent == 0)
      continue;
    fits = fits && count <= bound / extent;
    count = fits ? count * extent : 0;
  }
  if (!fits)
    return fail(errc::bad_request, fmt::format("tensor '{}': its data has {} elements, fewer than the shape {} says",
                                               name, most, shape_text(shape)));
  return empty ? 0 : static_cast<std::size_t>(count);
}

expected<metadata::tensor> read_elements(const data_text& data, const std::string& name, element_type type,
                                         std::vector<std::int64_t> shape) {
  auto count = count_elements(name, shape, data.commas + 1);
  if (!count)
    return tl::unexpected(count.error());
  if (*count != 0 && *count != data.commas + 1)
    return fail(errc::bad_request, fmt::format("tensor '{}': its data has {} elements for the shape {}", name,
                                               data.commas + 1, shape_text(shape)));
  metadata::tensor t{type, std::move(shape)};
  std::vector<std::int64_t> extents;
  problem p;
  if (type == element_type::float16)
    p = fill<std::uint16_t>(data, t, read_narrow<metadata::to_float16, metadata::from_float16>, extents);
  else if (type == element_type::bfloat16)
    p = fill<std::uint16_t>(data, t, read_narrow<metadata::to_bfloat16, metadata::from_bfloat16>, extents);
  else
    p = with_element(type, [&](auto x) {
      auto read = [](const token& one, element_type of, auto& out) { return read_element(one, of, out); };
      return fill<decltype(x)>(data, t, read, extents);
    });
  if (p)
    return fail(errc::bad_request, fmt::format("tensor '{}': its data {}", name, *p));
  if (extents.size() > 1 && extents != t.shape())
    return fail(errc::bad_request, fmt::format("tensor '{}': its data is nested as {} for the shape {}", name,
                                               shape_text(extents), shape_text(t.shape())));
  return t;
}

namespace {

void append(std::string& out, bool x) {
  out += x ? "true" : "false";
}

template <class Number>
void append(std::string& out, Number x) {
  if constexpr (std::floating_point<Number>)
    if (x == 0 && std::signbit(x)) {
      out += "-0.0"; // "-0" would be read as the integer 0 by many
      return;
    }
  char buffer[40];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, x).ptr);
}

template <class T, class Widen>
bool append_all(std::string& out, const metadata::tensor& t, Widen widen) {
  out += '[';
  for (auto stored : t.as<T>()) {
    auto x = widen(stored);
    if constexpr (std::floating_point<decltype(x)>)
      if (!std::isfinite(x))
        return false;
    append(out, x);
    out += ',';
  }
  if (out.back() == ',')
    out.back() = ']';
  else
    out += ']';
  return true;
}

} // namespace

bool append_elements(std::string& out, const metadata::tensor& t) {
  if (t.type() == element_type::float16)
    return append_all<std::uint16_t>(out, t, metadata::from_float16);
  if (t.type() == element_type::bfloat16)
    return append_all<std::uint16_t>(out, t, metadata::from_bfloat16);
  return with_element(t.type(),
                      [&](auto x) { return append_all<decltype(x)>(out, t, [](auto stored) { return stored; }); });
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ","));
}

} // namespace baton::apps::http
