#include "tests/protocol/world.hpp"

#include <algorithm>
#include <utility>

namespace baton::testing {

namespace {

/// Two layers of one part each: a boundary before, between and after.
std::shared_ptr<const plan_profile> two_layers() {
  static const auto p = std::make_shared<plan_profile>(plan_profile{{1, 1}, {duration::zero(), duration::zero()}});
  return p;
}

constexpr model_id the_model{1};
const std::vector<std::int64_t> the_shape{1};

engine make_engine(const scenario& s) {
  return *engine::make({std::make_shared<cluster>(s.devices), s.policy});
}

} // namespace

world::world(const scenario& s, coverage& c)
    : scenario_(&s), coverage_(&c), engine_(make_engine(s)), kills_(s.kills), refusals_(s.refusals) {
  auto devices = std::make_shared<cluster>(s.devices);
  for (const auto& d : s.devices.devices) {
    workers_.emplace(d.id, run_queue{{d.id, devices, duration::zero(), 1}});
    if (d.domain != host_domain) { // in one domain nothing is transferred
      transfers_.emplace(host_domain, transfer_queue{{host_domain}});
      transfers_.emplace(d.domain, transfer_queue{{d.domain}});
    }
    to_engine(worker_up{d.id});
  }
  to_engine(model_added{the_model, {the_shape}}); // its jobs are done at once, see carry-out in to_engine
  for (const auto& r : s.requests) {
    actors::controller_core::effects out;
    controller_.submit(r, {}, {}, out);
    carry_out(out);
  }
}

world::world(const world& other)
    : scenario_(other.scenario_), coverage_(other.coverage_), engine_(other.engine_.clone()),
      controller_(other.controller_), workers_(other.workers_), lives_(other.lives_), transfers_(other.transfers_),
      hosts_(other.hosts_), wires_(other.wires_), answers_(other.answers_), ends_(other.ends_), tokens_(other.tokens_),
      kills_(other.kills_), refusals_(other.refusals_), removed_(other.removed_), forgotten_(other.forgotten_),
      broken_(other.broken_) {}

// -- steps
// -------------------------------------------------------------------------------------------------------------

bool world::quiet() const {
  auto busy_worker = [](const auto& w) { return w.second.has_next(); };
  auto busy_transfer = [](const auto& t) { return t.second.upcoming() != nullptr; };
  return wires_.empty() && std::none_of(workers_.begin(), workers_.end(), busy_worker)
         && std::none_of(transfers_.begin(), transfers_.end(), busy_transfer);
}

std::vector<world::step> world::steps() const {
  using kind = step::kind;
  std::vector<step> result;
  std::size_t n = 0;
  for (const auto& [ends, packets] : wires_) {
    result.push_back({kind::deliver, n});
    if (refusals_ > 0 && can_refuse(packets.front()) && alive(ends.second))
      result.push_back({kind::refuse, n});
    ++n;
  }
  for (const auto& [d, w] : workers_) {
    if (w.has_next())
      result.push_back({kind::run, d.value});
    if (kills_ > 0)
      result.push_back({kind::kill, d.value});
  }
  for (const auto& [d, t] : transfers_) {
    const auto* w = t.upcoming();
    if (!w)
      continue;
    result.push_back({kind::copy, d.value});
    auto request = std::visit([](const auto& m) { return m.what.members[0].request; }, *w);
    if (std::find(tokens_.begin(), tokens_.end(), request) != tokens_.end())
      result.push_back({kind::copy_cancelled, d.value});
  }
  for (std::size_t i = 0; i < scenario_->cancels.size(); ++i)
    if (std::find(tokens_.begin(), tokens_.end(), scenario_->cancels[i]) == tokens_.end()
        && !ends_.contains(scenario_->cancels[i]))
      result.push_back({kind::cancel, i});
  if (scenario_->removal && !removed_)
    result.push_back({kind::remove});
  return result;
}

void world::take(const step& s) {
  auto index = static_cast<std::uint32_t>(s.index);
  switch (s.what) {
  case step::kind::deliver:
  case step::kind::refuse: {
    auto i = std::next(wires_.begin(), static_cast<std::ptrdiff_t>(s.index));
    auto ends = i->first;
    auto p = std::move(i->second.front());
    i->second.pop_front();
    if (i->second.empty())
      wires_.erase(i);
    if (s.what == step::kind::refuse)
      --refusals_;
    handle(ends.second, ends.first, p, s.what == step::kind::refuse);
    break;
  }
  case step::kind::run: { // an inline device: submit and completion are one step
    auto& w = workers_.at({index});
    auto piece = *w.next();
    effects out;
    w.completed(piece.lane, piece.sequence, {}, out);
    carry_out(worker_of({index}), hosts_[worker_of({index})], out);
    break;
  }
  case step::kind::copy:
  case step::kind::copy_cancelled: {
    auto& t = transfers_.at({index});
    effects out;
    t.next();
    t.copied(s.what == step::kind::copy ? errc::none : errc::cancelled, {}, out);
    carry_out(transfer_of({index}), hosts_[transfer_of({index})], out);
    break;
  }
  case step::kind::cancel: {
    tokens_.push_back(scenario_->cancels[s.index]);
    actors::controller_core::effects out;
    controller_.cancel(scenario_->cancels[s.index], out);
    carry_out(out);
    break;
  }
  case step::kind::remove:
    removed_ = true;
    to_engine(model_removed{the_model});
    break;
  case step::kind::kill: {
    --kills_;
    device_id d{index};
    auto dead = where(worker_of(d));
    workers_.erase(d);
    hosts_.erase(worker_of(d));
    push(dead, where(the_scheduler), down{d, dead.life});
    // The others hear of it too; it means something only to who has given it a task. (An accept still to be sent to the
    // dead is answered when it arrives, see `handle`.)
    for (const auto& [other, h] : hosts_)
      if (std::any_of(h.gives.begin(), h.gives.end(),
                      [&](const auto& g) { return g.second.device == d && g.second.life == dead.life; }))
        push(dead, where(other), down{d, dead.life});
    break;
  }
  }
}

// -- wires
// -------------------------------------------------------------------------------------------------------------

void world::push(const address& from, const address& to, packet p) {
  wires_[{from, to}].push_back(std::move(p));
}

world::address world::where(party p) const {
  if (p.what != party::kind::worker)
    return {p, 0};
  auto i = lives_.find({p.index});
  return {p, i == lives_.end() ? 0 : i->second};
}

bool world::alive(const address& a) const {
  return a.who.what != party::kind::worker || (where(a.who) == a && workers_.contains({a.who.index}));
}

bool world::can_refuse(const packet& p) const {
  auto* m = std::get_if<message>(&p);
  return m && (std::holds_alternative<accept>(*m) || std::holds_alternative<bring>(*m));
}

void world::handle(const address& to, const address& from, const packet& p, bool refuse) {
  if (!alive(to)) { // lost with the dead; whoever monitors it hears of that (again)
    if (auto* m = std::get_if<message>(&p); m && std::holds_alternative<accept>(*m) && from.who != the_scheduler)
      push(to, from, down{{to.who.index}, to.life});
    return;
  }
  switch (to.who.what) {
  case party::kind::scheduler:
    if (auto* d = std::get_if<down>(&p))
      to_engine(worker_down{d->device});
    else if (auto* u = std::get_if<up>(&p))
      to_engine(worker_up{u->device});
    else
      std::visit(
          [&](const auto& m) {
            if constexpr (std::is_constructible_v<event, decltype(m)>)
              to_engine(event{m});
          },
          std::get<message>(p));
    break;
  case party::kind::controller: to_controller(std::get<message>(p)); break;
  case party::kind::worker: to_worker({to.who.index}, p, refuse); break;
  case party::kind::transfer: to_transfer({to.who.index}, p, refuse); break;
  }
}

// -- hosts
// -------------------------------------------------------------------------------------------------------------

void world::to_engine(const event& e) {
  if (auto* a = std::get_if<answer>(&e))
    note_answer(*a);
  actions out;
  engine_.handle(e, time_point{}, out);
  for (const auto& a : out) {
    if (std::holds_alternative<forget_model>(a)) {
      if (std::exchange(forgotten_, true))
        broken_ = "the model was forgotten twice";
      continue;
    }
    if (auto* m = std::get_if<envelope>(&a)) {
      if (forgotten_ && (std::holds_alternative<accept>(m->what) || std::holds_alternative<bring>(m->what)))
        broken_ = "a task of a forgotten model was given out";
      if (auto* j = std::get_if<job>(&m->what)) {
        to_engine(job_done{j->command, {m->to.index}, errc::none, {}, {}});
        continue;
      }
      std::visit(
          [this](const auto& x) {
            if constexpr (requires { x.command; } && !std::is_same_v<std::decay_t<decltype(x)>, answer>)
              note_command(x.command);
            if constexpr (requires { x.then; })
              if (x.then.what != order::kind::none)
                note_command(x.then.command);
          },
          m->what);
      push(where(the_scheduler), where(m->to), m->what);
    } else if (auto* r = std::get_if<restart>(&a)) {
      auto life = ++lives_[r->device];
      workers_.emplace(r->device,
                       run_queue{{r->device, std::make_shared<cluster>(scenario_->devices), duration::zero(), 1}});
      for (const auto& [other, w] : workers_)
        if (other != r->device)
          push(where(the_scheduler), where(worker_of(other)), directory{r->device, life});
      for (const auto& [domain, t] : transfers_)
        push(where(the_scheduler), where(transfer_of(domain)), directory{r->device, life});
      hosts_[worker_of(r->device)].lives = lives_;
      push(where(worker_of(r->device)), where(the_scheduler), up{r->device});
    }
  }
}

void world::to_worker(device_id d, const packet& p, bool refuse) {
  auto& w = workers_.at(d);
  auto& h = hosts_[worker_of(d)];
  effects out;
  if (auto* x = std::get_if<directory>(&p)) {
    h.lives[x->device] = x->life;
  } else if (auto* dead = std::get_if<down>(&p)) {
    for (auto [task, g] : std::map(h.gives))
      if (g.device == dead->device && g.life == dead->life) {
        h.gives.erase(task);
        w.on(declined{task, g.epoch, errc::receiver_down, {}}, out);
      }
  } else {
    std::visit(
        [&](const auto& m) {
          using type = std::decay_t<decltype(m)>;
          if constexpr (std::is_same_v<type, accept>) {
            if (refuse)
              w.refuse(m, errc::out_of_memory, {}, out);
            else
              w.on(m, two_layers(), out);
          } else if constexpr (std::is_same_v<type, accepted> || std::is_same_v<type, declined>) {
            if (auto g = h.gives.find(m.task); g != h.gives.end() && g->second.epoch == m.epoch)
              h.gives.erase(g);
            w.on(m, out);
          } else if constexpr (requires { w.on(m, out); }) {
            w.on(m, out);
          }
        },
        std::get<message>(p));
  }
  carry_out(worker_of(d), h, out);
}

void world::to_transfer(domain_id d, const packet& p, bool refuse) {
  auto& t = transfers_.at(d);
  auto& h = hosts_[transfer_of(d)];
  effects out;
  if (auto* x = std::get_if<directory>(&p)) {
    h.lives[x->device] = x->life;
  } else if (auto* dead = std::get_if<down>(&p)) {
    for (auto [task, g] : std::map(h.gives))
      if (g.device == dead->device && g.life == dead->life) {
        h.gives.erase(task);
        t.on(declined{task, g.epoch, errc::receiver_down, {}}, out);
      }
  } else {
    std::visit(
        [&](const auto& m) {
          using type = std::decay_t<decltype(m)>;
          if constexpr (std::is_same_v<type, accepted> || std::is_same_v<type, declined>)
            if (auto g = h.gives.find(m.task); g != h.gives.end() && g->second.epoch == m.epoch)
              h.gives.erase(g);
          if constexpr (std::is_same_v<type, bring>) {
            if (refuse)
              t.refuse(m, errc::out_of_memory, {}, out);
            else
              t.on(m, out);
          } else if constexpr (requires { t.on(m, out); }) {
            t.on(m, out);
          }
        },
        std::get<message>(p));
  }
  carry_out(transfer_of(d), h, out);
}

void world::to_controller(const message& m) {
  actors::controller_core::effects out;
  std::visit(
      [&](const auto& x) {
        if constexpr (requires { controller_.on(x, time_point{}, out); })
          controller_.on(x, {}, out);
      },
      m);
  carry_out(out);
}

void world::carry_out(const actors::controller_core::effects& out) {
  for (const auto& e : out) {
    if (auto* m = std::get_if<envelope>(&e))
      push(where(the_controller), where(m->to), m->what);
    else if (auto& end = std::get<actors::ending>(e); ++ends_[end.request] > 1)
      broken_ = "request " + std::to_string(end.request.value) + " ended twice";
    else
      ++coverage_->seen["end: " + std::string{to_string(end.failure)}];
  }
}

void world::carry_out(party self, host& h, const effects& out) {
  for (const auto& e : out) {
    auto* m = std::get_if<envelope>(&e);
    if (!m)
      continue;
    auto to = where(m->to);
    if (auto* a = std::get_if<accept>(&m->what); a && m->to.what == party::kind::worker) {
      to.life = h.lives[{m->to.index}]; // the life it knows of
      h.gives[a->what.id] = {a->what.epoch, {m->to.index}, to.life};
    }
    push(where(self), to, m->what);
  }
}

// -- promises
// ----------------------------------------------------------------------------------------------------------

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
