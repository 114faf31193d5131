#include "actors/peer_watch.hpp"

#include <utility>

namespace baton::actors {

namespace {

scheduling::declined died_before_accepting(metadata::task_id t, metadata::task_epoch e) {
  return {t, e, errc::receiver_down, "the receiving worker died"};
}

} // namespace

void peer_watch::update(const introduction& m) {
  bool first = !introduced();
  who_ = m.who;
  if (first) {
    for (const auto& w : who_->workers)
      watch(w);
  } else if (m.replaced != metadata::no_device) {
    watch(who_->workers[m.replaced.value]);
  }
}

void peer_watch::watch(const worker_actor& w) {
  alive_.insert(w.address());
  if (w.address() != self_->address())
    self_->monitor<caf::message_priority::high>(w); // of one that is dead already we hear at once
}

void peer_watch::send(const trace::voice& from, scheduling::envelope&& letter,
                      std::vector<scheduling::declined>& declined) {
  if (auto* a = std::get_if<scheduling::accept>(&letter.what)) {
    auto receiver = who_->workers.at(letter.to.index).address();
    if (!alive_.contains(receiver)) {
      declined.push_back(died_before_accepting(a->what.id, a->what.epoch));
      return;
    }
    given_[a->what.id] = {a->what.epoch, std::move(receiver)};
  }
  post(*who_, from, std::move(letter));
}

void peer_watch::settled(metadata::task_id t, metadata::task_epoch e) {
  auto i = given_.find(t);
  if (i != given_.end() && i->second.epoch == e)
    given_.erase(i);
}

std::vector<scheduling::declined> peer_watch::lost(const caf::actor_addr& dead) {
  alive_.erase(dead);
  std::vector<scheduling::declined> result;
  for (auto i = given_.begin(); i != given_.end();) {
    if (i->second.receiver != dead) {
      ++i;
      continue;
    }
    result.push_back(died_before_accepting(i->first, i->second.epoch));
    i = given_.erase(i);
  }
  return result;
}

} // namespace baton::actors
