#pragma once

#include <memory>
#include <vector>

#include <catch2/catch.hpp>

#include "scheduling/run_queue.hpp"

/// A run queue fed by hand.
namespace baton::testing {

using namespace scheduling;

inline std::shared_ptr<const cluster> two_devices() {
  return std::make_shared<cluster>(cluster{{{{0}, {0}, 0, 1}, {{1}, {0}, 0, 1}, {{2}, {1}, 0, 1}}});
}

/// Four layers of one part, but the third has three.
inline std::shared_ptr<const plan_profile> profile(duration part = std::chrono::microseconds{100}) {
  return std::make_shared<plan_profile>(plan_profile{{1, 1, 3, 1}, {part, part, part, part}});
}

inline accept give(std::uint64_t task, std::uint64_t epoch = 1, std::int32_t priority = 0, order then = {}) {
  accept a;
  a.command = {100 + task};
  a.what.id = {task};
  a.what.epoch = {epoch};
  a.what.members = {{{task}, {1}, 0, 1, 0, {}}};
  a.what.priority = priority;
  a.giver = the_scheduler;
  a.then = then;
  return a;
}

template <class M>
std::vector<M> sent(const effects& out) {
  std::vector<M> found;
  for (const auto& e : out)
    if (auto* x = std::get_if<envelope>(&e))
      if (auto* m = std::get_if<M>(&x->what))
        found.push_back(*m);
  return found;
}

inline run_queue queue(duration quantum = duration::zero(), device_id self = {0}) {
  return run_queue{{self, two_devices(), quantum, 1}};
}

/// Runs one segment; the effects of its completion.
inline effects run_one(run_queue& q, segment* ran = nullptr) {
  effects out;
  auto s = q.next();
  REQUIRE(s);
  if (ran)
    *ran = *s;
  q.completed(s->lane, s->sequence, std::chrono::microseconds{100}, out);
  return out;
}

} // namespace baton::testing
