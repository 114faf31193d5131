#include "tests/gpu_check/conformance.hpp"

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "tests/gpu_check/card_machine.hpp"

namespace baton {
namespace {

std::string& plugin_in_use() {
  static std::string file;
  return file;
}

} // namespace

namespace testing {

/// Two devices of the first card that share memory, and one with memory of its own: on the second card, or, where there
/// is none, on the first.
const std::vector<backend>& backends() {
  static const std::vector<backend> all{
      {"cuda",
       [](std::uint64_t limit) {
         const auto cards = demand(gpu_check::count_cards(plugin_in_use()));
         const std::vector<gpu_check::card_device> devices{
             {.card = 0, .domain = 0}, {.card = 0, .domain = 0}, {.card = cards > 1 ? 1U : 0U, .domain = 1}};
         return gpu_check::open_cards(devices, {.memory_limit = limit, .cuda_plugin = plugin_in_use()});
       },
       false}};
  return all;
}

} // namespace testing

namespace gpu_check {

int run_conformance(const std::string& plugin, std::vector<const char*> arguments) {
  plugin_in_use() = plugin;
  return Catch::Session().run(static_cast<int>(arguments.size()), arguments.data());
}

} // namespace gpu_check
} // namespace baton
