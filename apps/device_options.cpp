#include "apps/device_options.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>

#include <CLI/CLI.hpp>
#include <spdlog/spdlog.h>

#include "metadata/store.hpp"

namespace baton::apps {
namespace {

const std::map<std::string, gpu::precision> precisions{
    {"fp32", gpu::precision::fp32}, {"tf32", gpu::precision::tf32}, {"bf16", gpu::precision::bf16}};
const std::map<std::string, gpu::graph_use> graph_uses{
    {"measured", gpu::graph_use::measured}, {"always", gpu::graph_use::always}, {"never", gpu::graph_use::never}};

/// In the user's cache folder; empty if there is none.
std::filesystem::path usual_store() {
  for (const auto& [name, below] : {std::pair{"XDG_CACHE_HOME", "baton"}, {"HOME", ".cache/baton"}})
    if (const char* folder = std::getenv(name); folder && *folder == '/')
      return std::filesystem::path(folder) / below / "store.db";
  return {};
}

/// Null if the usual one cannot be had.
expected<std::shared_ptr<metadata::store>> open_store(const std::string& asked) {
  if (!asked.empty())
    return metadata::store::open(asked);
  expected<std::shared_ptr<metadata::store>> opened = fail(errc::io, "there is no cache folder: HOME is not set");
  if (const auto usual = usual_store(); !usual.empty())
    opened = metadata::store::open(usual);
  if (opened)
    return opened;
  spdlog::warn("{}; what is measured will not be known at the next start", opened.error().message);
  return nullptr;
}

} // namespace

void add_device_options(CLI::App& command, device_options& options, gpu::machine_options& machine) {
  command
      .add_option("--devices", options.devices,
                  "Devices: cpu:2 (two of one core), cpu:1x2 (one of two cores), cpu:1@a,cpu:1@b (in two memory\n"
                  "domains), cuda:0 (a GPU), cuda:0/2 (a GPU, two tasks at once); several as in cuda:0,cpu:1")
      ->capture_default_str();
  command
      .add_option("--precision", options.precision,
                  "In which devices multiply: fp32; tf32 (GPUs that have it: faster, error about 1e-3; CPUs: fp32);\n"
                  "bf16 (CPUs that have it: faster, half the memory, error about 1e-2; see baton models check)")
      ->check(CLI::IsMember(precisions))
      ->capture_default_str();
  command
      .add_option("--cuda-graphs", options.cuda_graphs,
                  "Whether GPUs launch what they have run before as CUDA graphs: measured (where that was faster),\n"
                  "always, never")
      ->check(CLI::IsMember(graph_uses))
      ->capture_default_str();
  command.add_option("--store", options.store,
                     "File of the kernels that were measured to be fastest; by default baton/store.db in the user's\n"
                     "cache folder");
  command.add_flag("--exact", machine.exact,
                   "On CPUs, no convolution by Winograd's transforms (faster, error about 1e-6, larger weights)");
  command.add_option("--cuda-plugin", machine.cuda_plugin,
                     "The CUDA backend's file; by default libbaton_cuda.so beside the program or in ../lib/baton");
}

expected<std::vector<gpu::device_spec>> read_devices(const device_options& options, gpu::machine_options& machine) {
  auto specs = gpu::parse_devices(options.devices);
  if (!specs)
    return specs;
  machine.multiplies = precisions.at(options.precision);
  machine.graphs = graph_uses.at(options.cuda_graphs);
  auto opened = open_store(options.store);
  if (!opened)
    return tl::unexpected(opened.error());
  machine.choices = std::move(*opened);
  return specs;
}

} // namespace baton::apps
