#include "actors/stay_clock.hpp"

#include <algorithm>

namespace baton::actors {

void stay_clock::begin(const scheduling::task& t, metadata::time_point now) {
  stays_.insert_or_assign(t.id, stay{t.epoch, now, t.spent.computing});
}

void stay_clock::stamp(scheduling::message& m, metadata::time_point now) const {
  std::visit(
      [&](auto& x) {
        using type = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<type, scheduling::answer>) {
          if (x.holder == scheduling::the_scheduler)
            add(x.task, x.epoch, x.spent, now);
        } else if constexpr (requires { x.spent; }) {
          add(x.task, x.epoch, x.spent, now);
        } else if constexpr (requires { x.what.spent; }) {
          add(x.what.id, x.what.epoch, x.what.spent, now);
        }
      },
      m);
}

void stay_clock::end(metadata::task_id t, metadata::task_epoch e) {
  if (auto i = stays_.find(t); i != stays_.end() && i->second.epoch <= e)
    stays_.erase(i);
}

/// An older epoch is of an earlier stay: a refusal of what came too late.
void stay_clock::add(metadata::task_id t, metadata::task_epoch e, scheduling::phases& spent,
                     metadata::time_point now) const {
  auto i = stays_.find(t);
  if (i == stays_.end() || e < i->second.epoch)
    return;
  auto computed = spent.computing - i->second.computed;
  spent.*rest_ += std::max(metadata::duration{}, now - i->second.since - computed);
}

} // namespace baton::actors
