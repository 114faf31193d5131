#include "tests/gpu_check/copies.hpp"

#include <algorithm>
#include <stdexcept>

#include "tests/gpu_check/card_machine.hpp"

namespace baton::gpu_check {

using testing::demand;

namespace {

constexpr std::int64_t floats_per_mib = 262144;
constexpr std::uint32_t most_cards = 2;

testing::model_ptr one_copy() {
  testing::model_builder b("copied");
  return b.output(b.copy(b.input("x", {b.symbol("N"), floats_per_mib})), "y").build();
}

} // namespace

const std::vector<std::int64_t>& copied_mib(bool small) {
  static const std::vector<std::int64_t> few{1, 4};
  static const std::vector<std::int64_t> all{1, 16, 256};
  return small ? few : all;
}

copies::copies(const std::string& plugin) : on_(first_card({.cuda_plugin = plugin})) {
  std::vector<card_device> wanted;
  for (std::uint32_t i = 0; i < std::min(demand(count_cards(plugin)), most_cards); ++i)
    wanted.push_back({.card = i, .domain = i});
  machine_ = demand(open_cards(wanted, {.cuda_plugin = plugin}));
  for (std::uint32_t i = 0; i < wanted.size(); ++i) {
    cards_.push_back(std::make_unique<testing::bench_device>(on_, *machine_, i));
    into_.push_back(demand(cards_.back()->home().open_copy_engine()));
  }
}

std::vector<std::string> copies::directions() const {
  std::vector<std::string> all{"host_to_card", "card_to_host", "outputs"};
  if (cards_.size() > 1)
    all.emplace_back("card_to_card");
  return all;
}

copies::value& copies::of_size(std::int64_t mib) {
  auto& v = values_[mib];
  if (!v.plans.empty())
    return v;
  static const auto model = one_copy();
  v.on_host = testing::random_inputs(*model, {mib});
  v.of_host = testing::host_inputs(v.on_host);
  for (auto& card : cards_) {
    v.plans.push_back(card->plan(model, {mib}));
    v.data.push_back(card->bind(*v.plans.back(), v.on_host));
    const auto done = card->run(*v.plans.back(), v.data.back(), {0, 0}, v.plans.back()->profile().end());
    if (done.failure)
      throw std::runtime_error(done.failure->message);
  }
  return v;
}

void copies::once(const std::string& direction, value& v) {
  const gpu::values_at here{v.plans[0].get(), &v.data[0], {}};
  if (direction == "host_to_card") {
    demand(into_[0]->copy({v.plans[0].get(), &v.of_host, {}}, here, {0, 0}, nullptr));
  } else if (direction == "card_to_host") {
    const auto y = v.plans[0]->of().outputs()[0];
    auto& to = v.on_host[0];
    if (auto read = v.plans[0]->read({.from = &v.data[0], .values = {&y, 1}, .state_of = metadata::none, .ready = {}},
                                     {to.mutable_data(), to.bytes()}, nullptr);
        !read)
      throw std::runtime_error(read.error().message);
  } else if (direction == "outputs") {
    demand(into_[0]->fetch_outputs(here, nullptr));
  } else if (direction == "card_to_card" && cards_.size() > 1) {
    demand(into_[1]->copy(here, {v.plans[1].get(), &v.data[1], {}}, {0, 0}, nullptr));
  } else {
    throw std::runtime_error("there is no direction '" + direction + "' here");
  }
}

double copies::seconds(const std::string& direction, std::int64_t mib, int times) {
  auto& v = of_size(mib);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i)
    once(direction, v);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / times;
}

} // namespace baton::gpu_check
