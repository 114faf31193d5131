#include <utility>

#include "tests/scheduling/storm.hpp"

/// What the shells of workers and transfers do with a message, and the wires between them.
namespace baton::testing {

void storm::push(const party& from, const party& to, packet p) {
  if (to.what == party::kind::worker && !workers_[to.index].queue) {
    if (const auto g = gives_.find(from); g != gives_.end()) // an accept that nobody will answer
      wires_[{to, from}].emplace_back(down{{to.index}, workers_[to.index].life});
    return;
  }
  wires_[{from, to}].push_back(std::move(p));
}

void storm::hear(const party& self, const packet& p) {
  const auto* m = std::get_if<message>(&p);
  effects out;
  switch (self.what) {
  case party::kind::controller:
    if (const auto* f = m ? std::get_if<finished>(m) : nullptr)
      books_.delivered(*f);
    if (const auto* e = m ? std::get_if<attempt_ended>(m) : nullptr)
      if (e->reason == errc::attempt_lost && e->attempt.value == 1 && !calm_)
        to_engine(start_attempt{e->request, {2}, models_.front(), {1}});
    return;
  case party::kind::scheduler:
    if (const auto* d = std::get_if<down>(&p))
      to_engine(worker_down{d->device});
    else if (const auto* u = std::get_if<worker_up>(&p))
      to_engine(*u);
    else
      std::visit(
          [&](const auto& x) {
            if constexpr (std::is_constructible_v<event, decltype(x)>)
              to_engine(event{x});
          },
          *m);
    return;
  case party::kind::worker:
    if (const auto* d = std::get_if<down>(&p))
      hear_of_death(self, *d, *workers_[self.index].queue, out);
    else if (m)
      at_worker({self.index}, *m, out);
    break;
  case party::kind::transfer:
    if (const auto* d = std::get_if<down>(&p))
      hear_of_death(self, *d, transfers_.at({self.index}), out);
    else if (m)
      at_transfer({self.index}, *m, out);
    break;
  }
  carry_out(self, out);
}

template <class Queue>
void storm::hear_of_death(const party& self, const down& d, Queue& q, effects& out) {
  for (const auto& [task, g] : std::map(gives_[self]))
    if (g.device == d.device && g.life == d.life) {
      gives_[self].erase(task);
      q.on(declined{task, g.epoch, errc::receiver_down, {}}, out);
    }
}

void storm::at_worker(device_id d, const message& m, effects& out) {
  static const auto profile =
      std::make_shared<plan_profile>(plan_profile{{1, steps, 1}, {part_time, part_time, part_time}});
  auto& w = workers_[d.value];
  auto& gives = gives_[worker_of(d)];
  std::visit(
      [&](const auto& x) {
        using type = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<type, accept>) {
          if (!calm_ && one_in(60))
            w.queue->refuse(x, one_in(2) ? errc::out_of_memory : errc::device_failed, "no", out);
          else
            w.queue->on(x, profile, out);
        } else if constexpr (std::is_same_v<type, job>) {
          w.building = x;
        } else if constexpr (requires { w.queue->on(x, out); }) {
          if constexpr (requires { x.reason; } || std::is_same_v<type, accepted>)
            if (auto g = gives.find(x.task); g != gives.end() && g->second.epoch == x.epoch)
              gives.erase(g);
          w.queue->on(x, out);
        }
      },
      m);
}

void storm::at_transfer(domain_id d, const message& m, effects& out) {
  auto& t = transfers_.at(d);
  auto& gives = gives_[transfer_of(d)];
  std::visit(
      [&](const auto& x) {
        using type = std::decay_t<decltype(x)>;
        if constexpr (std::is_same_v<type, bring>) {
          if (!calm_ && one_in(60))
            t.refuse(x, errc::out_of_memory, "no", out);
          else
            t.on(x, out);
        } else if constexpr (requires { t.on(x, out); }) {
          if constexpr (requires { x.reason; } || std::is_same_v<type, accepted>)
            if (auto g = gives.find(x.task); g != gives.end() && g->second.epoch == x.epoch)
              gives.erase(g);
          t.on(x, out);
        }
      },
      m);
}

void storm::carry_out(const party& self, const effects& out) {
  for (const auto& e : out) {
    const auto* m = std::get_if<envelope>(&e);
    if (!m)
      continue;
    if (const auto* a = std::get_if<accept>(&m->what); a && m->to.what == party::kind::worker)
      gives_[self][a->what.id] = {a->what.epoch, {m->to.index}, workers_[m->to.index].life};
    push(self, m->to, m->what);
  }
}

} // namespace baton::testing
