#include "metadata/model_costs.hpp"

#include <algorithm>

#include "metadata/in_quotes.hpp"

namespace baton::metadata {

const latency_table* model_costs::on(std::string_view kind) const {
  const auto it = by_kind.find(kind);
  return it == by_kind.end() ? nullptr : &it->second;
}

expected<void> model_costs::check() const {
  const auto refuse = [&](const std::string& what) {
    return fail(errc::bad_argument, "costs of model " + in_quotes(name) + ": " + what);
  };
  if (layers.empty())
    return refuse("it has no layers");
  if (live_bytes.size() != layers.size() + 1)
    return refuse(std::to_string(live_bytes.size()) + " live sets of " + std::to_string(layers.size())
                  + " layers; each has one at its start, and the end has one");
  if (!parts.empty() && parts.size() != layers.size())
    return refuse(std::to_string(parts.size()) + " numbers of parts of " + std::to_string(layers.size()) + " layers");
  if (std::find(parts.begin(), parts.end(), 0U) != parts.end())
    return refuse("a layer of no parts");
  for (const auto& [kind, table] : by_kind) {
    if (table.empty())
      return refuse("the table of kind " + in_quotes(kind) + " is empty");
    if (table.layer_count() != layer_count())
      return refuse("the table of kind " + in_quotes(kind) + " has " + std::to_string(table.layer_count())
                    + " layers, the model " + std::to_string(layer_count()));
  }
  return {};
}

} // namespace baton::metadata
