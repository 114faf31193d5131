#include "apps/symbols.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "metadata/batch_symbols.hpp"

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

expected<metadata::symbol_values> bind_symbols(const metadata::model& m, const symbol_map& named, std::int64_t batch,
                                               std::int64_t other) {
  const auto& names = m.symbols();
  for (const auto& [name, value] : named)
    if (std::find(names.begin(), names.end(), name) == names.end())
      return fail(errc::bad_argument, fmt::format("model '{}' has no symbol '{}'; it has: {}", m.name(), name,
                                                  names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
  auto is_batch = metadata::batch_symbols(m);
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
