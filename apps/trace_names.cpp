#include "apps/trace_names.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace baton::apps {

std::string trace_names::party(const actors::trace::party& p) const {
  using kind = actors::trace::party::kind;
  switch (p.what) {
  case kind::controller: return "controller";
  case kind::scheduler: return "scheduler";
  case kind::worker: return "worker " + device({p.index});
  case kind::transfer: return "transfer into " + domain({p.index});
  case kind::runtime: return "runtime";
  case kind::pump: return "pump of " + device({p.index});
  case kind::timer: return "timer";
  }
  return "?";
}

std::string trace_names::device(metadata::device_id d) const {
  const auto& all = of_.names.devices;
  return d.value < all.size() ? all[d.value].name : "none";
}

std::string trace_names::domain(metadata::domain_id d) const {
  const auto& all = of_.names.domains;
  return d.value < all.size() ? all[d.value] : "none";
}

std::string trace_names::model(metadata::model_id m) const {
  auto i = of_.models.find(m);
  return i == of_.models.end() ? fmt::format("model {}", m.value) : i->second.name;
}

std::string trace_names::layers(metadata::model_id m, metadata::position first, metadata::position last) const {
  auto final = last.part > 0 || last.layer == 0 ? last.layer : last.layer - 1;
  final = std::max(final, first.layer);
  auto text = layer(m, first.layer);
  return final == first.layer ? text : fmt::format("{} - {}", text, layer(m, final));
}

std::string trace_names::layer(metadata::model_id m, std::uint32_t number) const {
  auto i = of_.models.find(m);
  if (i == of_.models.end() || number >= i->second.layers.size())
    return fmt::format("layer {}", number);
  return i->second.layers[number];
}

std::string position_text(metadata::position p) {
  return p.part == 0 ? fmt::format("{}", p.layer) : fmt::format("{}.{}", p.layer, p.part);
}

} // namespace baton::apps
