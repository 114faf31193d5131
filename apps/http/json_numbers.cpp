#include "apps/http/json_numbers.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <optional>

#include <fmt/format.h>

namespace baton::apps::http {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Reads one array; `depth_` is how many brackets are open.
class number_reader {
public:
  number_reader(std::string_view text, std::size_t at, std::size_t depth) : text_(text), at_(at), limit_(depth) {}

  std::optional<error> run() {
    for (;;) {
      skip_blanks();
      if (at_ == text_.size())
        return wrong("ends within an array");
      char c = text_[at_];
      if (c == '[') {
        if (auto e = open())
          return e;
        continue;
      }
      if (c != ']') // one right here closes an empty array
        if (auto e = number())
          return e;
      if (auto e = behind_value())
        return e;
      if (counts_.empty())
        return std::nullopt;
    }
  }

  std::size_t at() const { return at_; }
  json_numbers take() && { return std::move(out_); }

private:
  std::optional<error> wrong(const std::string& what) const {
    return error{errc::bad_request, fmt::format("{} (at byte {})", what, at_)};
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }

  std::optional<error> open() {
    ++at_;
    if (counts_.size() == limit_)
      return error{errc::bad_request, fmt::format("is nested deeper than {} levels", limit_)};
    if (!counts_.empty()) {
      // A number and an array side by side, or arrays below the level where numbers were seen.
      if (number_depth_ != 0 && counts_.size() >= number_depth_)
        return wrong("mixes numbers and arrays");
      ++counts_.back();
    }
    counts_.push_back(0);
    if (counts_.size() > out_.extents.size())
      out_.extents.push_back(-1);
    return std::nullopt;
  }

  std::optional<error> close() {
    ++at_;
    auto& extent = out_.extents[counts_.size() - 1];
    if (extent >= 0 && extent != counts_.back())
      return wrong(fmt::format("is ragged: arrays of {} and of {} elements side by side", extent, counts_.back()));
    extent = counts_.back();
    counts_.pop_back();
    return std::nullopt;
  }

  /// Closing brackets, then a comma, unless all is closed.
  std::optional<error> behind_value() {
    for (;;) {
      skip_blanks();
      if (at_ == text_.size())
        return wrong("ends within an array");
      if (text_[at_] == ']') {
        if (auto e = close())
          return e;
        if (counts_.empty())
          return std::nullopt;
      } else if (text_[at_] == ',') {
        ++at_;
        skip_blanks();
        if (at_ < text_.size() && text_[at_] == ']')
          return wrong("has a ',' before a ']'");
        return std::nullopt;
      } else {
        return wrong("lacks a ',' or a ']'");
      }
    }
  }

  std::optional<error> number() {
    auto begin = at_;
    bool whole = true;
    if (text_[at_] == '-')
      ++at_;
    auto digits = [&] {
      auto first = at_;
      while (at_ < text_.size() && is_digit(text_[at_]))
        ++at_;
      return at_ - first;
    };
    auto lead = at_;
    auto n = digits();
    bool good = n == 1 || (n > 1 && text_[lead] != '0');
    if (good && at_ < text_.size() && text_[at_] == '.') {
      whole = false;
      ++at_;
      good = digits() > 0;
    }
    if (good && at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      whole = false;
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-'))
        ++at_;
      good = digits() > 0;
    }
    if (!good) {
      at_ = begin;
      return wrong("holds something that is not a number");
    }
    if (number_depth_ == 0)
      number_depth_ = counts_.size();
    if (counts_.size() != number_depth_ || out_.extents.size() != number_depth_)
      return wrong("mixes numbers and arrays");
    ++counts_.back();
    return store(text_.substr(begin, at_ - begin), whole);
  }

  std::optional<error> store(std::string_view token, bool whole) {
    const char* first = token.data();
    const char* last = first + token.size();
    // "-0" is a number of its own only as a float.
    if (whole && out_.whole && token != "-0") {
      std::int64_t n = 0;
      if (std::from_chars(first, last, n).ec == std::errc{}) {
        out_.integers.push_back(n);
        return std::nullopt;
      }
    }
    if (out_.whole) {
      out_.whole = false;
      out_.floats.reserve(std::max(out_.integers.capacity(), std::size_t{16}));
      for (auto n : out_.integers)
        out_.floats.push_back(static_cast<float>(n));
      out_.integers = {};
    }
    float x = 0;
    auto problem = std::from_chars(first, last, x).ec;
    if (problem == std::errc::result_out_of_range) {
      // Too large or too small: a double tells which, and the small ones are rounded.
      double wide = 0;
      auto again = std::from_chars(first, last, wide).ec;
      bool tiny =
          again == std::errc{} ? std::fabs(wide) < 1 : token.find("e-") != token.npos || token.find("E-") != token.npos;
      if (!tiny)
        return wrong(fmt::format("holds {}, beyond the range of FP32", token.substr(0, 40)));
      x = again == std::errc{} ? static_cast<float>(wide) : 0.0F;
    }
    if (!std::isfinite(x))
      return wrong(fmt::format("holds {}, beyond the range of FP32", token.substr(0, 40)));
    out_.floats.push_back(x);
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_;
  std::size_t limit_;
  std::size_t number_depth_ = 0; ///< how many brackets are open around each number; 0: none seen yet
  std::vector<std::int64_t> counts_;
  json_numbers out_;
};

} // namespace

expected<json_numbers> read_numbers(std::string_view text, std::size_t& at, std::size_t depth) {
  number_reader reader{text, at, depth};
  if (auto e = reader.run())
    return tl::unexpected(std::move(*e));
  at = reader.at();
  return std::move(reader).take();
}

expected<metadata::tensor> to_tensor(json_numbers numbers, const std::string& name, metadata::element_type type,
                                     std::vector<std::int64_t> shape) {
  // The count is checked with a bound, so that a shape of absurd extents can neither overflow nor allocate. Extents
  // beside a 0 have no elements to bound them.
  auto have = static_cast<std::int64_t>(numbers.size());
  bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  std::int64_t bound = empty ? std::int64_t{1} << 40 : have;
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
  if (empty)
    count = 0;
  if (!fits || count != have)
    return fail(errc::bad_request,
                fmt::format("tensor '{}': {} elements for the shape {}", name, have, shape_text(shape)));
  if (numbers.extents.size() > 1 && numbers.extents != shape)
    return fail(errc::bad_request, fmt::format("tensor '{}': data nested as {} for the shape {}", name,
                                               shape_text(numbers.extents), shape_text(shape)));
  if (type == metadata::element_type::int64 && !numbers.whole)
    return fail(errc::bad_request,
                fmt::format("tensor '{}': its data holds a number that is not a whole one within INT64", name));
  metadata::tensor t{type, std::move(shape)};
  if (type == metadata::element_type::int64)
    std::copy(numbers.integers.begin(), numbers.integers.end(), t.as_mutable<std::int64_t>().begin());
  else if (numbers.whole)
    std::transform(numbers.integers.begin(), numbers.integers.end(), t.as_mutable<float>().begin(),
                   [](std::int64_t n) { return static_cast<float>(n); });
  else
    std::copy(numbers.floats.begin(), numbers.floats.end(), t.as_mutable<float>().begin());
  return t;
}

bool append_numbers(std::string& out, const metadata::tensor& t) {
  char buffer[32];
  auto put = [&](auto x) {
    auto end = std::to_chars(buffer, buffer + sizeof buffer, x).ptr;
    out.append(buffer, end);
    out += ',';
  };
  out += '[';
  if (t.type() == metadata::element_type::int64) {
    for (auto n : t.as<std::int64_t>())
      put(n);
  } else {
    for (auto x : t.as<float>()) {
      if (!std::isfinite(x))
        return false;
      if (x == 0 && std::signbit(x))
        out += "-0.0,"; // "-0" would be read as the integer 0 by many
      else
        put(x);
    }
  }
  if (out.back() == ',')
    out.back() = ']';
  else
    out += ']';
  return true;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ","));
}

} // namespace baton::apps::http
