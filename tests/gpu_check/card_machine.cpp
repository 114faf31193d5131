#include "tests/gpu_check/card_machine.hpp"

#include <map>
#include <vector>

#include "gpu/cuda_loader.hpp"

namespace baton::gpu_check {

using namespace gpu;

namespace {

class card_machine final : public machine {
public:
  card_machine(backend& cuda, const machine_options& options) : cuda_(cuda), options_(options) {
    if (!options_.choices)
      options_.choices = metadata::process_choices::of_this_process();
  }

  expected<void> add(const card_device& wanted) {
    const auto cards = cuda_.accelerators();
    const auto name = "cuda:" + std::to_string(wanted.card);
    if (wanted.card >= cards.size())
      return fail(errc::not_found, "there is no " + name + ": this machine has " + std::to_string(cards.size()));
    auto& home = homes_[wanted.domain];
    if (!home) {
      domain_description description{.id = {static_cast<std::uint32_t>(domains_.size())},
                                     .name = name + "@" + std::to_string(wanted.domain),
                                     .limit = options_.memory_limit};
      auto opened = cuda_.open_domain(wanted.card, std::move(description), options_.choices);
      if (!opened)
        return tl::unexpected(opened.error());
      home = *opened;
      domains_.push_back(home);
    }
    const device_id id{static_cast<std::uint32_t>(devices_.size())};
    auto description = describe_gpu(cards[wanted.card], wanted.lanes, options_);
    description.id = id;
    description.domain = home->description().id;
    description.name = name + "#" + std::to_string(id.value);
    devices_.push_back(std::move(description));
    cards_.push_back(wanted.card);
    return {};
  }

  std::span<const device_description> devices() const override { return devices_; }
  std::span<const std::shared_ptr<domain>> domains() const override { return domains_; }
  expected<std::unique_ptr<device>> open(device_id id) override {
    if (id.value >= devices_.size())
      return fail(errc::not_found, "there is no device number " + std::to_string(id.value));
    const auto& d = devices_[id.value];
    return cuda_.open_device(cards_[id.value], d, domains_[d.domain.value]);
  }

private:
  backend& cuda_;
  machine_options options_;
  std::vector<device_description> devices_;
  std::vector<std::uint32_t> cards_; ///< by device
  std::vector<std::shared_ptr<domain>> domains_;
  std::map<std::uint32_t, std::shared_ptr<domain>> homes_;
};

} // namespace

expected<std::unique_ptr<machine>> open_cards(std::span<const card_device> devices, const machine_options& options) {
  auto cuda = open_cuda(options.cuda_plugin);
  if (!cuda)
    return tl::unexpected(cuda.error());
  auto made = std::make_unique<card_machine>(**cuda, options);
  for (const auto& d : devices)
    if (auto added = made->add(d); !added)
      return tl::unexpected(added.error());
  return made;
}

testing::backend first_card(const machine_options& options, std::uint32_t lanes) {
  return {"cuda",
          [options, lanes](std::uint64_t limit) {
            const card_device only{.lanes = lanes};
            auto limited = options;
            limited.memory_limit = limit;
            return open_cards({&only, 1}, limited);
          },
          false};
}

expected<std::uint32_t> count_cards(const std::string& plugin) {
  auto cuda = open_cuda(plugin);
  if (!cuda)
    return tl::unexpected(cuda.error());
  return static_cast<std::uint32_t>((*cuda)->accelerators().size());
}

} // namespace baton::gpu_check
