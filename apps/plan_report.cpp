#include "apps/plan_report.hpp"

#include <fmt/format.h>

#include "apps/lone_device.hpp"
#include "apps/table.hpp"

namespace baton::apps {
namespace {

std::string microseconds(metadata::duration d) {
  return fmt::format("{:.0f}", std::chrono::duration<double, std::micro>(d).count());
}

void print(const metadata::model& m, const gpu::plan& p, const gpu::device_description& on) {
  using enum table::align;
  table t{{{"#", right},
           {"layer"},
           {"kind"},
           {"kernel"},
           {"parts", right},
           {"predicted us", right},
           {"measured us", right},
           {"best direct us", right}}};
  metadata::duration total{};
  for (std::uint32_t i = 0; i < m.layers().size(); ++i) {
    const auto& l = m.layers()[i];
    const auto note = p.kernel(i);
    const auto measured = p.profile().part_time[i] * p.profile().parts[i];
    total += measured;
    const bool chosen = note.predicted > metadata::duration::zero();
    t.add({std::to_string(i), l.name, std::string{metadata::kind_name(l.attributes)}, note.name,
           std::to_string(p.profile().parts[i]), chosen ? microseconds(note.predicted) : "", microseconds(measured),
           note.direct > note.predicted ? microseconds(note.direct) : ""});
  }
  fmt::print("Plan on {} ({}), {} per request in activations\n\n{}", on.name, on.detail,
             human_bytes(static_cast<double>(p.block_bytes())), t.text());
  fmt::print("Sum measured: {:.3f} ms. Predicted times are of the kernel alone and the reorders it needs; where a "
             "kernel wants\n"
             "larger weights (Winograd's, or float32 in a plan in bf16), the last column says what the best other one "
             "takes.\n",
             std::chrono::duration<double, std::milli>(total).count());
}

} // namespace

expected<void> report_plan(std::shared_ptr<const metadata::model> m, const metadata::symbol_values& symbols,
                           std::span<const gpu::device_spec> devices, const gpu::machine_options& options) {
  const auto opened = open_lone_device(m, symbols, devices, options);
  if (!opened)
    return tl::unexpected(opened.error());
  print(*m, *opened->plan, opened->device->description());
  fmt::print("Weights as they lie: {}; in the file: {}.\n", human_bytes(static_cast<double>(opened->weights->bytes())),
             human_bytes(static_cast<double>(m->weight_bytes())));
  return {};
}

} // namespace baton::apps
