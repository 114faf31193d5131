#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "gpu/cpu/cpu_device.hpp"
#include "gpu/cpu/cpu_domain.hpp"
#include "gpu/cpu/guard.hpp"
#include "gpu/cpu/thread_set.hpp"
#include "gpu/device.hpp"

namespace baton::gpu {
namespace {

std::string describe_cores(const cpu::thread_set& threads) {
  auto result = std::string(threads.pinned() ? "pinned to core" : "not pinned, core");
  if (!threads.pinned())
    return "not pinned";
  result += threads.cores().size() > 1 ? "s " : " ";
  for (std::size_t i = 0; i < threads.cores().size(); ++i)
    result += (i > 0 ? "," : "") + std::to_string(threads.cores()[i]);
  return result;
}

/// All devices and domains are of the host's cores and memory.
class host_machine final : public machine {
public:
  host_machine(std::span<const device_spec> specs, const machine_options& options) {
    add_domain("host", options.memory_limit);
    std::map<std::string, domain_id> named{{"", metadata::host_domain}, {"host", metadata::host_domain}};
    const auto cores = cpu::usable_cores();
    const auto processor = processor_name();
    std::size_t next = 0;
    for (const auto& spec : specs) {
      auto [domain, is_new] = named.try_emplace(spec.domain, domain_id{static_cast<std::uint32_t>(domains_.size())});
      if (is_new)
        add_domain(spec.domain, options.memory_limit);
      std::vector<int> own;
      for (std::uint32_t i = 0; i < spec.cores; ++i)
        own.push_back(cores[next++ % cores.size()]);
      threads_.emplace_back(std::move(own), options.pin_threads);
      auto index = static_cast<std::uint32_t>(devices_.size());
      devices_.push_back({.id = device_id{index},
                          .domain = domain->second,
                          .name = "cpu:" + std::to_string(index),
                          .kind = "cpu/" + std::to_string(spec.cores),
                          .detail = processor + ", " + describe_cores(threads_.back()),
                          .lanes = 1,
                          .cores = spec.cores,
                          .is_inline = true});
    }
  }

  std::span<const device_description> devices() const override { return devices_; }
  std::span<const std::shared_ptr<domain>> domains() const override { return domains_; }

  expected<std::unique_ptr<device>> open(device_id id) override {
    if (id.value >= devices_.size())
      return fail(errc::not_found, "there is no device number " + std::to_string(id.value));
    const auto& description = devices_[id.value];
    return cpu::guarded("device '" + description.name + "'", [&]() -> std::unique_ptr<device> {
      return std::make_unique<cpu::cpu_device>(description, cpu_domains_[description.domain.value], threads_[id.value]);
    });
  }

private:
  void add_domain(std::string name, std::uint64_t limit) {
    auto id = domain_id{static_cast<std::uint32_t>(domains_.size())};
    cpu_domains_.push_back(std::make_shared<cpu::cpu_domain>(domain_description{id, std::move(name), limit}));
    domains_.push_back(cpu_domains_.back());
  }

  std::vector<device_description> devices_;
  std::vector<cpu::thread_set> threads_;
  std::vector<std::shared_ptr<cpu::cpu_domain>> cpu_domains_;
  std::vector<std::shared_ptr<domain>> domains_;
};

} // namespace

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      if (auto colon = line.find(": "); colon != std::string::npos)
        return line.substr(colon + 2);
  return "unknown processor";
}

expected<std::unique_ptr<machine>> open_machine(std::span<const device_spec> specs, const machine_options& options) {
  std::uint64_t asked = 0;
  for (const auto& spec : specs) {
    if (spec.backend != "cpu")
      return fail(errc::bad_argument, "there is no backend '" + spec.backend + "'; this build has 'cpu'");
    if (spec.cores == 0)
      return fail(errc::bad_argument, "a cpu device needs at least one core");
    if (spec.lanes != 1)
      return fail(errc::bad_argument, "a cpu device has one lane; asked for are " + std::to_string(spec.lanes));
    asked += spec.cores;
  }
  const auto usable = cpu::usable_cores().size();
  if (options.pin_threads && asked > usable)
    return fail(errc::bad_argument,
                "the devices want " + std::to_string(asked) + " cores, this process may use " + std::to_string(usable)
                    + ": ask for fewer, as in cpu:" + std::to_string(usable) + ", or do not pin threads");
  return cpu::guarded("the machine",
                      [&]() -> std::unique_ptr<machine> { return std::make_unique<host_machine>(specs, options); });
}

} // namespace baton::gpu
