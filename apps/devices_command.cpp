#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "apps/device_options.hpp"
#include "apps/pcie.hpp"
#include "apps/program.hpp"
#include "apps/table.hpp"
#include "gpu/cuda_loader.hpp"

namespace baton::apps {

namespace {

/// A GPU to a GPU: what copies between them go over, and in brackets what their slots share.
std::string way(gpu::peer how, const std::string& common) {
  const auto* over = how == gpu::peer::over_link ? "link" : how == gpu::peer::over_bus ? "PCIe" : "host";
  return common.empty() ? over : fmt::format("{} ({})", over, common);
}

/// The GPUs there are, used or not, or why there are none.
void show_gpus(const std::string& plugin) {
  auto cuda = gpu::open_cuda(plugin);
  if (!cuda) {
    fmt::print("\nno GPUs: {}\n", cuda.error().message);
    return;
  }
  const auto cards = (*cuda)->accelerators();
  fmt::print("\nGPUs ({}):\n", (*cuda)->versions());
  table list{{{"GPU", {}},
              {"name", {}},
              {"architecture", {}},
              {"SMs", table::align::right},
              {"memory", table::align::right},
              {"PCIe address", {}},
              {"PCIe link", {}},
              {"NUMA node", table::align::right}}};
  std::vector<pcie_slot> slots;
  for (std::size_t i = 0; i < cards.size(); ++i) {
    const auto& c = cards[i];
    const auto& slot = slots.emplace_back(read_pcie(c.bus));
    list.add({fmt::format("cuda:{}", i), c.name, c.architecture, std::to_string(c.multiprocessors),
              human_bytes(static_cast<double>(c.memory)), c.bus, slot.link.empty() ? "-" : slot.link,
              slot.numa_node < 0 ? "-" : std::to_string(slot.numa_node)});
  }
  fmt::print("{}", list.text());
  if (cards.size() < 2)
    return;
  fmt::print(
      "\nCopies from GPU (row) to GPU (column) go over a link of their own, over PCIe, or by way of the host:\n");
  std::vector<table::column> columns{{"", {}}};
  for (std::size_t i = 0; i < cards.size(); ++i)
    columns.push_back({fmt::format("cuda:{}", i), {}});
  table matrix{columns};
  for (std::size_t from = 0; from < cards.size(); ++from) {
    std::vector<std::string> row{fmt::format("cuda:{}", from)};
    for (std::size_t to = 0; to < cards.size(); ++to) // the one that copies is the receiver
      row.push_back(from == to ? "-" : way(cards[to].peers[from], nearest_common(slots[from], slots[to])));
    matrix.add(row);
  }
  fmt::print("{}", matrix.text());
}

int show(const device_options& options, gpu::machine_options machine_options) {
  auto specs = read_devices(options, machine_options);
  if (!specs)
    return report(specs.error());
  auto machine = gpu::open_machine(*specs, machine_options);
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
  show_gpus(machine_options.cuda_plugin);
  return exit_code::ok;
}

} // namespace

void add_devices_command(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("devices", "Show the devices and memory domains of this machine, and its GPUs");
  command->footer("Examples:\n"
                  "  baton devices\n"
                  "  baton devices --devices cpu:1@a,cpu:1@b\n"
                  "  baton devices --devices cuda:0,cuda:1/2");
  auto options = std::make_shared<device_options>();
  options->devices = fmt::format("cpu:{}", std::max(1U, std::thread::hardware_concurrency()));
  auto machine = std::make_shared<gpu::machine_options>();
  add_device_options(*command, *options, *machine);
  command->callback([options, machine, &chosen] { chosen = [options, machine] { return show(*options, *machine); }; });
}

} // namespace baton::apps
