#include <algorithm>
#include <utility>

#include "tests/protocol/world.hpp"

/// The wires between the parties, and what the shell of each does with a message.
namespace baton::testing {

namespace {

/// Two layers of one part each: a boundary before, between and after.
std::shared_ptr<const plan_profile> two_layers() {
  static const auto p = std::make_shared<plan_profile>(plan_profile{{1, 1}, {duration::zero(), duration::zero()}});
  return p;
}

} // namespace

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
        to_engine(job_done{j->command, {m->to.index}, errc::none, {}, scenario_->predicted});
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

/// What any shell hears about other workers. False: it is a message of the protocol.
template <class Queue>
bool world::hear_of_others(const packet& p, host& h, Queue& q, effects& out) {
  if (auto* x = std::get_if<directory>(&p)) {
    h.lives[x->device] = x->life;
  } else if (auto* dead = std::get_if<down>(&p)) {
    for (auto [task, g] : std::map(h.gives))
      if (g.device == dead->device && g.life == dead->life) {
        h.gives.erase(task);
        q.on(declined{task, g.epoch, errc::receiver_down, {}}, out);
      }
  } else {
    return false;
  }
  return true;
}

void world::to_worker(device_id d, const packet& p, bool refuse) {
  auto& w = workers_.at(d);
  auto& h = hosts_[worker_of(d)];
  effects out;
  if (!hear_of_others(p, h, w, out)) {
    std::visit(
        [&](const auto& m) {
          using type = std::decay_t<decltype(m)>;
          if constexpr (std::is_same_v<type, accept>) {
            if (refuse)
              w.refuse(m, errc::out_of_memory, {}, out);
            else {
              if (w.held() > 0)
                ++coverage_->seen["in line"];
              w.on(m, two_layers(), out);
            }
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
  if (!hear_of_others(p, h, t, out)) {
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

} // namespace baton::testing
