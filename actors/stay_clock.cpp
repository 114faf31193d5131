#include "actors/stay_clock.hpp"

#include <algorithm>

namespace baton::actors {

void stay_clock::begin(const scheduling::task& t, metadata::time_point now) {
  stays_.insert_or_assign(t.id, stay{t.epoch, now, t.spent.computing, {}});
}

void stay_clock::computed(metadata::task_id t, metadata::duration so_far) {
  if (auto i = stays_.find(t); i != stays_.end())
    i->second.so_far = so_far;
}

void stay_clock::stamp(scheduling::message& m, metadata::time_point now, const under_way& running) const {
  std::visit(
      [&](auto& x) {
        using type = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<type, scheduling::answer>) {
          if (x.holder == scheduling::the_scheduler)
            add(x.task, x.epoch, x.spent, now, running);
        } else if constexpr (requires { x.spent; }) {
          add(x.task, x.epoch, x.spent, now, running);
        } else if constexpr (requires { x.what.spent; }) {
          add(x.what.id, x.what.epoch, x.what.spent, now, running);
        }
      },
      m);
}

void stay_clock::end(metadata::task_id t, metadata::task_epoch e) {
  if (auto i = stays_.find(t); i != stays_.end() && i->second.epoch <= e)
    stays_.erase(i);
}

/// An older epoch is of an earlier stay: a refusal of what came too late.
void stay_clock::add(metadata::task_id t, metadata::task_epoch e, scheduling::phases& spent, metadata::time_point now,
                     const under_way& running) const {
  auto i = stays_.find(t);
  if (i == stays_.end() || e < i->second.epoch)
    return;
  const metadata::duration zero{};
  const auto so_far = i->second.so_far.value_or(spent.computing);
  const auto elsewhere = std::max(zero, so_far - spent.computing); // by segments that it had left behind
  spent.computing = running ? so_far + running(t) : so_far;
  const auto rest = now - i->second.since - (spent.computing - i->second.computed);
  spent.*rest_ += std::max(zero, rest);
  // What of that passed before it came was taken for waiting by the scheduler.
  spent.queued = std::max(zero, spent.queued - std::min(std::max(zero, -rest), elsewhere));
}

} // namespace baton::actors
