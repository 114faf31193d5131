#include "tests/protocol/world.hpp"

/// What must hold at every moment, and what once nothing can happen any more.
namespace baton::testing {

void world::note_command(command_id c) {
  answers_.try_emplace(c, 0);
}

void world::note_answer(const answer& a) {
  constexpr const char* names[] = {"applied", "too_late", "not_here", "refused", "lost"};
  ++coverage_->seen[std::string{names[static_cast<int>(a.what)]} + (a.reason == errc::none ? "" : " ")
                    + (a.reason == errc::none ? "" : std::string{to_string(a.reason)})];
  auto i = answers_.find(a.command);
  if (i == answers_.end())
    broken_ = "an answer to a command that was never given";
  else if (++i->second > 1)
    broken_ = "command " + std::to_string(a.command.value) + " was answered twice";
}

std::optional<std::string> world::broken() const {
  if (broken_)
    return broken_;
  std::map<task_id, int> holders;
  std::vector<task_id> known;
  for (const auto& t : engine_.tasks()) {
    known.push_back(t.id);
    holders[t.id] += t.device == no_device;
  }
  auto count = [&holders](const auto& machine) {
    for (auto& [t, n] : holders)
      n += machine.holds(t);
  };
  auto note = [&holders](const message& m) {
    std::visit(
        [&](const auto& x) {
          using type = std::decay_t<decltype(x)>;
          if constexpr (std::is_same_v<type, accept> || std::is_same_v<type, bring> || std::is_same_v<type, deliver>)
            ++holders[x.what.id];
        },
        m);
  };
  for (const auto& [ends, packets] : wires_) {
    if (!alive(ends.second))
      continue; // lost with its receiver
    for (const auto& p : packets)
      if (auto* m = std::get_if<message>(&p)) {
        note(*m);
        if (auto* d = std::get_if<declined>(m))
          ++holders[d->task];
        if (ends.second.who != the_scheduler)
          continue;
        if (auto* a = std::get_if<answer>(m);
            a && a->holder == the_scheduler && (a->what == outcome::applied || a->what == outcome::refused))
          ++holders[a->task];
        if (auto* f = std::get_if<finished>(m))
          ++holders[f->task];
      }
  }
  for (const auto& [d, w] : workers_)
    for (auto& [t, n] : holders)
      n += w.holds(t);
  for (const auto& [d, t] : transfers_)
    count(t);
  for (const auto& [t, n] : holders)
    if (n > 1)
      return "task " + std::to_string(t.value) + " has " + std::to_string(n) + " holders";
  bool nobody_died = kills_ == scenario_->kills && tokens_.empty() && !removed_;
  for (auto t : known)
    if (nobody_died && holders[t] != 1)
      return "task " + std::to_string(t.value) + " has no holder";
  return std::nullopt;
}

std::optional<std::string> world::broken_at_rest() const {
  for (const auto& r : scenario_->requests) {
    auto i = ends_.find(r.request);
    if (i == ends_.end() || i->second != 1)
      return "request " + std::to_string(r.request.value) + " did not end";
  }
  if (engine_.open_tasks() != 0 || engine_.pending_commands() != 0)
    return "the engine still has " + std::to_string(engine_.open_tasks()) + " tasks and "
           + std::to_string(engine_.pending_commands()) + " commands";
  if (removed_ != forgotten_)
    return "the model was removed, but is not forgotten";
  for (const auto& [d, w] : workers_)
    if (!w.idle())
      return "worker " + std::to_string(d.value) + " still has a task";
  for (const auto& [d, t] : transfers_)
    if (!t.idle())
      return "transfer " + std::to_string(d.value) + " still has a task";
  bool nobody_died = kills_ == scenario_->kills;
  for (const auto& [c, n] : answers_)
    if (nobody_died && n != 1)
      return "command " + std::to_string(c.value) + " was not answered";
  return std::nullopt;
}

} // namespace baton::testing
