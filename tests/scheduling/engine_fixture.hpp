#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "scheduling/engine.hpp"
#include "scheduling/engine_log.hpp"

namespace baton::testing {

using namespace scheduling;

/// An engine fed by hand, and the log of it.
struct engine_fixture {
  engine e;
  actions out;
  std::string log;
  time_point now{};

  static engine::config config(std::string policy, std::vector<device_facts> devices) {
    return {std::make_shared<cluster>(cluster{std::move(devices)}), std::move(policy)};
  }
  explicit engine_fixture(std::string policy = "priority",
                          std::vector<device_facts> devices = {{{0}, {0}, 0, 1}, {{1}, {0}, 0, 1}})
      : e(*engine::make(config(policy, devices))), log(encode_header(config(policy, devices))) {}

  actions& feed(event x) {
    now += std::chrono::microseconds{1};
    out.clear();
    e.handle(x, now, out);
    log += encode_entry(x, now, out);
    return out;
  }
  /// Brings devices up and builds every plan asked for. `predicted`: what a run is said to take; 0: not known.
  void ready(std::uint32_t devices = 2, duration predicted = {}) {
    for (std::uint32_t d = 0; d < devices; ++d)
      feed(worker_up{{d}});
    feed(model_added{{1}, {{1}}});
    std::deque<std::pair<command_id, std::uint32_t>> asked; // each group of devices builds its own
    const auto note = [&] {
      for (const auto& a : out)
        if (auto* x = std::get_if<envelope>(&a))
          if (auto* j = std::get_if<job>(&x->what))
            asked.emplace_back(j->command, x->to.index);
    };
    for (note(); !asked.empty(); note()) {
      auto [command, device] = asked.front();
      asked.pop_front();
      feed(job_done{command, {device}, errc::none, {}, predicted});
    }
  }
  template <class M>
  std::optional<M> first() {
    for (const auto& a : out)
      if (auto* x = std::get_if<envelope>(&a))
        if (auto* m = std::get_if<M>(&x->what)) {
          target = x->to;
          return *m;
        }
    return std::nullopt;
  }
  template <class M>
  std::size_t count() const {
    return static_cast<std::size_t>(std::count_if(out.begin(), out.end(), [](const action& a) {
      auto* x = std::get_if<envelope>(&a);
      return x && std::holds_alternative<M>(x->what);
    }));
  }
  bool forgets() const {
    return std::any_of(out.begin(), out.end(), [](const action& a) { return std::holds_alternative<forget_model>(a); });
  }
  actions& request(std::uint64_t id, std::int32_t priority = 0, std::vector<steering> steps = {},
                   time_point deadline = never) {
    return feed(start_attempt{{id}, {1}, {1}, {1}, 1, priority, deadline, no_device, std::move(steps)});
  }
  /// The command that follows when the client gives up.
  cancel cancelled(std::uint64_t id) {
    feed(cancel_request{{id}, {1}});
    const auto c = first<cancel>();
    REQUIRE(c);
    return *c;
  }
  answer applied(command_id c, const task& t, std::uint32_t device) {
    answer a{c, t.id, t.epoch, outcome::applied, errc::none, {}, t.at};
    a.holder = worker_of({device});
    a.values_in = {0};
    a.laid_out_by = {device};
    return a;
  }
  /// Runs a request up to the moment its worker has it; the task.
  task run(std::uint64_t id, std::int32_t priority = 0) {
    request(id, priority);
    auto a = first<accept>();
    REQUIRE(a);
    auto d = target.index;
    feed(applied(a->command, a->what, d));
    return a->what;
  }
  party target;
};

} // namespace baton::testing
