#include "gpu/plan_check.hpp"

#include <string>

#include "gpu/defaults.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu {

void check_shape(const metadata::model& model, const metadata::symbol_values& symbols) {
  if (symbols.size() != model.symbols().size())
    raise(errc::bad_argument, "model '" + model.name() + "' has " + std::to_string(model.symbols().size())
                                  + " symbols, given are " + std::to_string(symbols.size()));
  for (std::size_t v = 0; v < model.values().size(); ++v) {
    const auto& value = model.values()[v];
    auto bytes = static_cast<std::int64_t>(size_of(value.type));
    for (auto extent : model.shape(static_cast<metadata::value_index>(v), symbols)) {
      auto where = "model '" + model.name() + "': value '" + value.name + "' ";
      if (extent < 1)
        raise(errc::bad_request, where + "has an extent of " + std::to_string(extent) + " at this shape");
      if (extent > defaults::most_value_bytes / bytes)
        raise(errc::bad_request, where + "is too large at this shape");
      bytes *= extent;
    }
  }
}

void check_parts(const metadata::model& model, const metadata::symbol_values& symbols, std::uint32_t index,
                 std::uint32_t built) {
  const auto& layer = model.layers()[index];
  if (auto said = layer.parts.bind(symbols); said != 1 && said != static_cast<std::int64_t>(built))
    raise(errc::bad_model, "layer '" + layer.name + "' is said to have " + std::to_string(said) + " parts, but has "
                               + std::to_string(built));
}

void check_range(const submission& work, const std::string& part) {
  const auto& plan = *work.plan;
  const auto& profile = plan.profile();
  auto exists = [&](position p) { return p.layer < profile.layers() && p.part < profile.parts[p.layer]; };
  if (!exists(work.begin) || !(exists(work.end) || work.end == profile.end()) || work.end <= work.begin)
    raise(errc::bad_argument, part + ": no range from (" + std::to_string(work.begin.layer) + ", "
                                  + std::to_string(work.begin.part) + ") to (" + std::to_string(work.end.layer) + ", "
                                  + std::to_string(work.end.part) + ") in model '" + plan.of().name() + "'");
  for (auto layer : profile.lacking.layers)
    if (layer >= work.begin.layer && position{layer, 0} < work.end)
      raise(errc::bad_argument,
            part + ": layer '" + plan.of().layers()[layer].name + "' is not in the plan: " + profile.why_lacking);
  if (!work.data)
    raise(errc::bad_argument, part + ": no bindings");
  if (!work.data->inputs.empty() && work.data->inputs.size() != plan.of().inputs().size())
    raise(errc::bad_argument, part + ": bound are " + std::to_string(work.data->inputs.size())
                                  + " inputs, the model has " + std::to_string(plan.of().inputs().size()));
  if (!work.data->layer_time.empty() && work.data->layer_time.size() != profile.layers())
    raise(errc::bad_argument, part + ": layer_time has not one entry per layer");
}

void check_position(const plan& p, position at) {
  const auto& profile = p.profile();
  if (at != profile.end() && (at.layer >= profile.layers() || at.part >= profile.parts[at.layer]))
    raise(errc::bad_argument, "copy: model '" + p.of().name() + "' has no position (" + std::to_string(at.layer) + ", "
                                  + std::to_string(at.part) + ")");
}

void share_time(const metadata::plan_profile& profile, position begin, position end, duration elapsed,
                std::span<duration> layer_time) {
  duration whole{};
  for (auto at = begin; at < end; at = profile.next(at))
    whole += profile.part_time[at.layer];
  if (whole.count() <= 0)
    return;
  const auto scale = static_cast<double>(elapsed.count()) / static_cast<double>(whole.count());
  for (auto at = begin; at < end; at = profile.next(at))
    layer_time[at.layer] +=
        duration(static_cast<std::int64_t>(static_cast<double>(profile.part_time[at.layer].count()) * scale));
}

} // namespace baton::gpu
