#include "scheduling/transfer_queue.hpp"

#include <algorithm>
#include <utility>

#include "scheduling/text_archive.hpp"

namespace baton::scheduling {

transfer_queue::transfer_queue(config c) : config_(c) {}

void transfer_queue::on(bring m, effects& out) {
  if (m.giver != the_scheduler)
    out.push_back(envelope{m.giver, accepted{m.what.id, m.what.epoch}});
  waiting_.emplace_back(std::move(m));
}

void transfer_queue::refuse(const bring& m, errc reason, std::string text, effects& out) {
  if (m.giver != the_scheduler)
    out.push_back(envelope{m.giver, declined{m.what.id, m.what.epoch, reason, std::move(text)}});
  else
    give_up(m, m.what.epoch, false, reason, std::move(text), out);
}

void transfer_queue::on(deliver m, effects&) {
  waiting_.emplace_back(std::move(m));
}

void transfer_queue::on(const accepted& m, effects&) {
  auto i = given_.find(m.task);
  if (i != given_.end() && i->second.what.epoch == m.epoch)
    given_.erase(i);
}

void transfer_queue::on(const declined& m, effects& out) {
  auto i = given_.find(m.task);
  if (i == given_.end() || i->second.what.epoch != m.epoch)
    return;
  auto g = std::move(i->second);
  given_.erase(i);
  give_up(g, {m.epoch.value + 1}, true, m.reason, m.message, out);
}

const transfer_queue::work* transfer_queue::upcoming() const {
  return under_way_ || waiting_.empty() ? nullptr : &waiting_.front();
}

const transfer_queue::work* transfer_queue::next() {
  if (!upcoming())
    return nullptr;
  under_way_ = std::move(waiting_.front());
  waiting_.pop_front();
  return &*under_way_;
}

void transfer_queue::copied(errc failure, std::string text, effects& out) {
  auto w = *std::exchange(under_way_, std::nullopt);
  if (auto* d = std::get_if<deliver>(&w)) {
    if (failure == errc::none) {
      auto& t = d->what;
      finished f{t.id, t.epoch, d->device, std::move(t.members), d->busy, t.spent, t.taken};
      out.push_back(envelope{the_controller, f});
      out.push_back(envelope{the_scheduler, std::move(f)});
    } else if (failure == errc::cancelled) {
      out.push_back(envelope{the_scheduler, failed{d->what.id, d->what.epoch, d->device, failure, std::move(text)}});
    } else {
      out.push_back(envelope{the_scheduler, values_lost{d->what.id, d->what.epoch}});
    }
    return;
  }
  auto& b = std::get<bring>(w);
  if (failure != errc::none) {
    give_up(b, {b.what.epoch.value + 1}, false, failure, std::move(text), out);
    return;
  }
  ++b.what.epoch.value;
  b.what.ready = {};
  out.push_back(envelope{worker_of(b.to), accept{b.command, b.what, transfer_of(config_.self), b.then}});
  given_[b.what.id] = std::move(b);
}

/// Gives the task to the scheduler, as the answer to the command that brought it here.
void transfer_queue::give_up(const bring& m, task_epoch e, bool here, errc reason, std::string text, effects& out) {
  answer a{m.command, m.what.id, e, outcome::refused, reason, std::move(text), m.what.at};
  a.holder = the_scheduler;
  a.values_in = here ? config_.self : m.from;
  a.laid_out_by = here ? m.to : m.from_device;
  a.ready = here ? ready_ticket{} : m.what.ready;
  a.spent = m.what.spent;
  a.taken = m.what.taken;
  out.push_back(envelope{the_scheduler, std::move(a)});
  // A worker that declined has answered for the order that came with its accept.
  if (m.then.what != order::kind::none && (!here || reason == errc::receiver_down))
    out.push_back(envelope{the_scheduler, answer{m.then.command, m.what.id, e, outcome::not_here}});
}

bool transfer_queue::idle() const {
  return waiting_.empty() && !under_way_ && given_.empty();
}

bool transfer_queue::holds(task_id t) const {
  auto of = [t](const work& w) { return std::visit([t](const auto& m) { return m.what.id == t; }, w); };
  return (under_way_ && of(*under_way_)) || std::any_of(waiting_.begin(), waiting_.end(), of);
}

std::string transfer_queue::describe() const {
  text_writer w;
  auto put = [&w](const work& x) { std::visit([&w](const auto& m) { w(m); }, x); };
  for (const auto& x : waiting_)
    put(x);
  w.word("|");
  if (under_way_)
    put(*under_way_);
  w.word("|");
  for (const auto& [id, b] : given_)
    w(b);
  return std::move(w).text();
}

} // namespace baton::scheduling
