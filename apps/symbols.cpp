#include "apps/symbols.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace baton::apps {

expected<symbol_map> parse_symbols(const std::vector<std::string>& pairs) {
  symbol_map named;
  for (const auto& pair : pairs) {
    auto equals = pair.find('=');
    std::int64_t value = 0;
    const char* last = pair.data() + pair.size();
    bool good = equals != pair.npos && equals > 0;
    if (good) {
      auto [end, problem] = std::from_chars(pair.data() + equals + 1, last, value);
      good = problem == std::errc{} && end == last && value > 0;
    }
    if (!good)
      return fail(errc::bad_argument, fmt::format("symbol '{}' is not of the form NAME=NUMBER", pair));
    named[pair.substr(0, equals)] = value;
  }
  return named;
}

std::vector<bool> batch_symbols(const metadata::model& m) {
  std::vector<bool> is_batch(m.symbols().size());
  for (auto v : m.inputs()) {
    const auto& input = m.values()[v];
    if (!input.batch_axis || *input.batch_axis >= input.shape.size())
      continue;
    if (auto s = input.shape[*input.batch_axis].as_symbol())
      is_batch[*s] = true;
  }
  return is_batch;
}

expected<metadata::symbol_values> bind_symbols(const metadata::model& m, const symbol_map& named, std::int64_t batch,
                                               std::int64_t other) {
  const auto& names = m.symbols();
  for (const auto& [name, value] : named)
    if (std::find(names.begin(), names.end(), name) == names.end())
      return fail(errc::bad_argument, fmt::format("model '{}' has no symbol '{}'; it has: {}", m.name(), name,
                                                  names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
  auto is_batch = batch_symbols(m);
  metadata::symbol_values values;
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto it = named.find(names[i]);
    values.push_back(it != named.end() ? it->second : is_batch[i] ? batch : other);
  }
  return values;
}

std::string shape_text(const metadata::model& m, const metadata::dims& shape) {
  std::vector<std::string> extents;
  for (const auto& d : shape)
    extents.push_back(d.to_string(m.symbols()));
  return fmt::format("[{}]", fmt::join(extents, ","));
}

} // namespace baton::apps
