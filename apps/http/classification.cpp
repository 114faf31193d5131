#include "apps/http/classification.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/http/json_numbers.hpp"
#include "metadata/half.hpp"

namespace baton::apps::http {

namespace {

template <class Value>
std::string text_of(Value x, std::size_t index, std::span<const std::string> labels) {
  std::string text;
  if constexpr (std::floating_point<Value>)
    text = fmt::format("{:f}:{}", x, index);
  else
    text = fmt::format("{}:{}", x, index);
  if (index < labels.size())
    text += ":" + labels[index];
  return text;
}

template <class Stored, class Widen>
expected<classes> best_of(const metadata::tensor& t, const std::string& name, std::size_t k, bool batched,
                          std::span<const std::string> labels, Widen widen) {
  auto rows = batched ? static_cast<std::size_t>(t.shape().at(0)) : 1;
  auto width = rows == 0 ? 0 : t.elements() / rows;
  k = std::min(k, width);
  if (rows * k > defaults::classified)
    return fail(errc::bad_request, fmt::format("output '{}': {} classes of {} rows are more than {} in all", name, k,
                                               rows, defaults::classified));
  classes c;
  if (batched)
    c.shape.push_back(t.shape()[0]);
  c.shape.push_back(static_cast<std::int64_t>(k));
  std::vector<std::size_t> order(width);
  for (std::size_t row = 0; row < rows; ++row) {
    auto values = t.as<Stored>().subspan(row * width, width);
    auto key = [&](std::size_t i) {
      auto x = widen(values[i]);
      if constexpr (std::floating_point<decltype(x)>)
        return std::isnan(x) ? -std::numeric_limits<decltype(x)>::infinity() : x;
      else
        return x;
    };
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
                      [&](std::size_t a, std::size_t b) { return key(a) > key(b) || (key(a) == key(b) && a < b); });
    for (std::size_t i = 0; i < k; ++i)
      c.texts.push_back(text_of(widen(values[order[i]]), order[i], labels));
  }
  return c;
}

} // namespace

expected<classes> classify(const metadata::tensor& t, const std::string& name, std::size_t k, bool batched,
                           std::span<const std::string> labels) {
  using enum metadata::element_type;
  if (t.type() == boolean)
    return fail(errc::bad_request, fmt::format("output '{}' is BOOL, which cannot be classified", name));
  batched = batched && !t.shape().empty();
  if (t.type() == float16)
    return best_of<std::uint16_t>(t, name, k, batched, labels, metadata::from_float16);
  if (t.type() == bfloat16)
    return best_of<std::uint16_t>(t, name, k, batched, labels, metadata::from_bfloat16);
  return with_element(t.type(), [&](auto x) {
    return best_of<decltype(x)>(t, name, k, batched, labels, [](auto stored) { return stored; });
  });
}

} // namespace baton::apps::http
