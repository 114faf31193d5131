#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "apps/program.hpp"
#include "apps/table.hpp"
#include "gpu/device.hpp"

namespace baton::apps {

namespace {

int show(const std::string& list, const std::string& cuda_plugin) {
  auto specs = gpu::parse_devices(list);
  if (!specs)
    return report(specs.error());
  auto machine = gpu::open_machine(*specs, {.cuda_plugin = cuda_plugin});
  if (!machine)
    return report(machine.error());
  auto pages = static_cast<double>(::sysconf(_SC_PHYS_PAGES)) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  fmt::print("This machine: {}, {} cores, {} of memory\n\n", gpu::processor_name(), std::thread::hardware_concurrency(),
             human_bytes(pages));
  auto domains = (*machine)->domains();
  table devices{{{"device", {}},
                 {"name", {}},
                 {"kind", {}},
                 {"domain", {}},
                 {"cores", table::align::right},
                 {"lanes", table::align::right},
                 {"what it is", {}}}};
  for (const auto& d : (*machine)->devices())
    devices.add({std::to_string(d.id.value), d.name, d.kind, domains[d.domain.value]->description().name,
                 std::to_string(d.cores), std::to_string(d.lanes), d.detail});
  fmt::print("{}\n", devices.text());
  table memory{{{"domain", {}}, {"name", {}}, {"memory limit", table::align::right}}};
  for (const auto& d : domains) {
    const auto& is = d->description();
    memory.add(
        {std::to_string(is.id.value), is.name, is.limit == 0 ? "none" : human_bytes(static_cast<double>(is.limit))});
  }
  fmt::print("{}", memory.text());
  return exit_code::ok;
}

} // namespace

void add_devices_command(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("devices", "Show the devices and memory domains of this machine");
  command->footer("Examples:\n"
                  "  baton devices\n"
                  "  baton devices --devices cpu:1@a,cpu:1@b");
  auto list = std::make_shared<std::string>(fmt::format("cpu:{}", std::max(1U, std::thread::hardware_concurrency())));
  auto plugin = std::make_shared<std::string>();
  add_device_options(*command, *list, *plugin);
  command->callback([list, plugin, &chosen] { chosen = [list, plugin] { return show(*list, *plugin); }; });
}

} // namespace baton::apps
