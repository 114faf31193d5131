#include "apps/simulate/values.hpp"

#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "apps/defaults.hpp"

namespace baton::apps::simulate {
namespace {

std::optional<double> number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

/// Without what adding steps has left behind the tenth digit.
double tidy(double x) {
  return number(fmt::format("{:.10g}", x)).value_or(x);
}

} // namespace

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, at);)
    parts.push_back(part);
  return parts;
}

expected<std::vector<double>> parse_values(const std::string& option, const std::string& text, double least,
                                           double most) {
  const auto bad = [&](const std::string& why) {
    return fail(errc::bad_argument, fmt::format("{} {}: {}", option, text, why));
  };
  std::vector<double> values;
  for (const auto& item : split(text, ',')) {
    std::vector<double> parts;
    for (const auto& part : split(item, ':')) {
      const auto x = number(part);
      if (!x)
        return bad("'" + part + "' is no number");
      parts.push_back(*x);
    }
    if (parts.size() != 1 && parts.size() != 3)
      return bad("a range has the form FROM:TO:STEP");
    const auto from = parts.front();
    const auto to = parts.size() == 3 ? parts[1] : from;
    const auto step = parts.size() == 3 ? parts[2] : 1;
    if (step <= 0 || to < from)
      return bad("a range goes up from FROM to TO");
    if (from < least || to > most)
      return bad(fmt::format("it must be from {:g} to {:g}", least, most));
    const auto steps = std::floor((to - from) / step * (1 + 1e-9));
    if (static_cast<double>(values.size()) + steps >= defaults::swept_values)
      return bad(fmt::format("more than {} values", defaults::swept_values));
    for (int i = 0; i <= static_cast<int>(steps); ++i)
      values.push_back(tidy(from + i * step));
  }
  return values.empty() ? bad("it has no value") : expected<std::vector<double>>(std::move(values));
}

} // namespace baton::apps::simulate
