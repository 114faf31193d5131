#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gpu/cpu/cpu_device.hpp"
#include "gpu/cpu/cpu_domain.hpp"
#include "gpu/cpu/guard.hpp"
#include "gpu/cpu/numbers.hpp"
#include "gpu/cpu/thread_set.hpp"
#include "gpu/cuda_loader.hpp"
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

/// Cores and memory of this host, and its GPUs.
class host_machine final : public machine {
public:
  /// Throws `failure`.
  host_machine(std::span<const device_spec> specs, const machine_options& options) : options_(options) {
    std::set<std::string> names{"host"};
    for (const auto& spec : specs)
      if (spec.backend == "cpu" && !spec.domain.empty())
        names.insert(spec.domain);
    host_limit_ = options.memory_limit;
    if (host_limit_ == 0)
      host_limit_ = static_cast<std::uint64_t>(options.host_share * static_cast<double>(free_memory())
                                               / static_cast<double>(names.size()));
    if (!options_.choices)
      options_.choices = metadata::process_choices::of_this_process();
    add_host_domain("host");
    for (const auto& spec : specs)
      spec.backend == "cuda" ? add_gpu(spec) : add_cores(spec);
  }

  std::span<const device_description> devices() const override { return devices_; }
  std::span<const std::shared_ptr<domain>> domains() const override { return domains_; }

  expected<std::unique_ptr<device>> open(device_id id) override {
    if (id.value >= devices_.size())
      return fail(errc::not_found, "there is no device number " + std::to_string(id.value));
    return openers_[id.value]();
  }

private:
  using opener = std::function<expected<std::unique_ptr<device>>()>;

  domain_description next_domain(std::string name, std::uint64_t limit) const {
    return {domain_id{static_cast<std::uint32_t>(domains_.size())}, std::move(name), limit};
  }

  std::shared_ptr<cpu::cpu_domain> add_host_domain(const std::string& name) {
    auto made = std::make_shared<cpu::cpu_domain>(next_domain(name, host_limit_));
    domains_.push_back(made);
    host_domains_[name] = made;
    return made;
  }

  void add(device_description description, opener open) {
    devices_.push_back(std::move(description));
    openers_.push_back(std::move(open));
  }

  void add_cores(const device_spec& spec) {
    const auto name = spec.domain.empty() ? "host" : spec.domain;
    const auto known = host_domains_.find(name);
    auto home = known == host_domains_.end() ? add_host_domain(name) : known->second;
    std::vector<int> own;
    for (std::uint32_t i = 0; i < spec.cores; ++i)
      own.push_back(cores_[next_core_++ % cores_.size()]);
    cpu::thread_set threads(std::move(own), options_.pin_threads);
    auto index = static_cast<std::uint32_t>(devices_.size());
    const auto cores = "cpu/" + std::to_string(spec.cores);
    const auto in_bf16 = options_.multiplies == precision::bf16;
    device_description description{.id = device_id{index},
                                   .domain = home->description().id,
                                   .name = "cpu:" + std::to_string(index),
                                   .kind = cores + (in_bf16 ? "/bf16" : ""),
                                   .detail = processor_ + ", " + describe_cores(threads),
                                   .lanes = 1,
                                   .cores = spec.cores,
                                   .is_inline = true,
                                   .multiplies = in_bf16 ? precision::bf16 : precision::fp32};
    if (in_bf16 && !cpu::has_bf16())
      raise(errc::bad_argument, "device '" + description.name
                                    + "': this processor cannot compute in bf16 (it has no AVX512_BF16); fp32 it can");
    const cpu::kernel_seeker seeker{processor_ + " " + cores, options_.choices, options_.exact,
                                    description.multiplies,   options_.cuts,    spec.cores};
    add(description, [description, home, threads, seeker] {
      return cpu::guarded("device '" + description.name + "'", [&]() -> std::unique_ptr<device> {
        return std::make_unique<cpu::cpu_device>(description, home, threads, seeker);
      });
    });
  }

  void add_gpu(const device_spec& spec) {
    auto name = "cuda:" + std::to_string(spec.number);
    if (options_.multiplies == precision::bf16)
      raise(errc::bad_argument, "device '" + name + "': GPUs do not compute in bf16 yet; fp32 and tf32 they can");
    auto cuda = open_cuda(options_.cuda_plugin);
    if (!cuda)
      raise(cuda.error().code, "device '" + name + "': " + cuda.error().message);
    const auto cards = (*cuda)->accelerators();
    if (spec.number >= cards.size())
      raise(errc::not_found, "device '" + name + "': this machine has " + std::to_string(cards.size()) + " GPUs");
    auto& home = gpu_domains_[spec.number];
    if (!home) {
      home =
          value_or_raise((*cuda)->open_domain(spec.number, next_domain(name, options_.memory_limit), options_.choices));
      domains_.push_back(home);
    }
    // A second device of one card is called after its own number too.
    const auto again = std::any_of(devices_.begin(), devices_.end(), [&](const auto& d) { return d.name == name; });
    const auto index = static_cast<std::uint32_t>(devices_.size());
    auto description = describe_gpu(cards[spec.number], spec.lanes, options_);
    description.id = {index};
    description.domain = home->description().id;
    description.name = again ? name + "#" + std::to_string(index) : name;
    add(description, [description, home, backend = *cuda, number = spec.number] {
      return backend->open_device(number, description, home);
    });
  }

  machine_options options_;
  std::uint64_t host_limit_ = 0;
  const std::vector<int> cores_ = cpu::usable_cores();
  const std::string processor_ = processor_name();
  std::size_t next_core_ = 0;
  std::vector<device_description> devices_;
  std::vector<opener> openers_;
  std::vector<std::shared_ptr<domain>> domains_;
  std::map<std::string, std::shared_ptr<cpu::cpu_domain>> host_domains_;
  std::map<std::uint32_t, std::shared_ptr<domain>> gpu_domains_;
};

} // namespace

std::uint64_t free_memory() {
  std::uint64_t bytes = 0;
  std::ifstream info("/proc/meminfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("MemAvailable:"))
      bytes = std::strtoull(line.c_str() + std::string_view("MemAvailable:").size(), nullptr, 10) << 10;
  std::uint64_t most = 0;
  std::uint64_t used = 0;
  if (std::ifstream("/sys/fs/cgroup/memory.max") >> most && std::ifstream("/sys/fs/cgroup/memory.current") >> used)
    bytes = std::min(bytes, most - std::min(most, used));
  return bytes;
}

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
    if (spec.backend == "cuda")
      continue;
    if (spec.backend != "cpu")
      return fail(errc::bad_argument, "there is no backend '" + spec.backend + "'; there are 'cpu' and 'cuda'");
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
