#include "apps/run_course.hpp"

#include <algorithm>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/layer_names.hpp"

namespace baton::apps {

namespace {

expected<metadata::device_id> find_device(std::span<const gpu::device_description> devices, const std::string& text) {
  for (const auto& d : devices)
    if (d.name == text || std::to_string(d.id.value) == text)
      return d.id;
  return fail(errc::bad_argument,
              fmt::format("there is no device '{}' among the {} of --devices", text, devices.size()));
}

} // namespace

expected<course> plot_course(const std::vector<std::string>& moves, const std::vector<std::string>& preempts,
                             const metadata::model& m, std::span<const gpu::device_description> devices) {
  course c;
  for (const auto& choice : moves) {
    auto equals = choice.rfind('=');
    auto layer = find_layer(m, choice.substr(0, equals));
    if (!layer)
      return fail(errc::bad_argument, fmt::format("--move-after {}: {}", choice, layer.error().message));
    if (devices.size() < 2)
      return fail(errc::bad_argument,
                  fmt::format("--move-after {}: it takes two devices, as in --devices cpu:2", choice));
    metadata::device_id to = metadata::no_device;
    if (equals != choice.npos) {
      auto d = find_device(devices, choice.substr(equals + 1));
      if (!d)
        return fail(errc::bad_argument, fmt::format("--move-after {}: {}", choice, d.error().message));
      to = *d;
    }
    c.steps.push_back({scheduling::order::kind::hand_off, {*layer + 1, 0}, to});
  }
  for (const auto& choice : preempts) {
    auto layer = find_layer(m, choice);
    if (!layer)
      return fail(errc::bad_argument, fmt::format("--preempt-after {}: {}", choice, layer.error().message));
    c.steps.push_back({scheduling::order::kind::preempt, {*layer + 1, 0}, metadata::no_device});
  }
  std::stable_sort(c.steps.begin(), c.steps.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  if (moves.empty())
    return c;
  // A run that moves begins on device 0, so that "the next device" means something.
  metadata::device_id here{0};
  for (auto& s : c.steps) {
    c.where.resize(std::max<std::size_t>(c.where.size(), s.at.layer), here);
    if (s.what != scheduling::order::kind::hand_off) {
      s.to = here; // resumed where it was
      continue;
    }
    if (s.to == metadata::no_device)
      s.to = {(here.value + 1) % static_cast<std::uint32_t>(devices.size())};
    here = s.to;
  }
  c.where.resize(m.layers().size(), here);
  return c;
}

bool kept_course(const course& c, const actors::runtime& runtime, unsigned repeat) {
  std::uint64_t moves = 0, preemptions = 0;
  for (const auto& s : c.steps)
    ++(s.what == scheduling::order::kind::hand_off ? moves : preemptions);
  auto kept = [&] {
    auto counters = runtime.counters().engine;
    return counters.moves >= moves * repeat && counters.preemptions >= preemptions * repeat;
  };
  // The result may be here before the scheduler has counted the last answer.
  const auto patience = std::chrono::steady_clock::now() + defaults::counting_patience;
  while (!kept() && std::chrono::steady_clock::now() < patience)
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return kept();
}

} // namespace baton::apps
