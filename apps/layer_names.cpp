#include "apps/layer_names.hpp"

#include <charconv>

#include <fmt/format.h>

namespace baton::apps {

expected<std::uint32_t> find_layer(const metadata::model& m, const std::string& text) {
  const auto& layers = m.layers();
  for (std::uint32_t i = 0; i < layers.size(); ++i)
    if (layers[i].name == text)
      return i;
  std::uint32_t index = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (problem == std::errc{} && end == text.data() + text.size() && !text.empty() && index < layers.size())
    return index;
  return fail(errc::not_found,
              fmt::format("model '{}' has no layer '{}': it has {} layers, the first is '{}', the last "
                          "'{}'",
                          m.name(), text, layers.size(), layers.empty() ? "" : layers.front().name,
                          layers.empty() ? "" : layers.back().name));
}

std::optional<std::size_t> place_of(const metadata::model& m, const std::vector<metadata::value_index>& which,
                                    const std::string& name) {
  for (std::size_t i = 0; i < which.size(); ++i)
    if (m.values()[which[i]].name == name)
      return i;
  return std::nullopt;
}

std::string names_of(const metadata::model& m, const std::vector<metadata::value_index>& which) {
  std::vector<std::string> names;
  names.reserve(which.size());
  for (auto v : which)
    names.push_back(fmt::format("'{}'", m.values()[v].name));
  return fmt::format("{}", fmt::join(names, ", "));
}

} // namespace baton::apps
