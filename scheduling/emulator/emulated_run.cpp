#include "scheduling/emulator/emulated_run.hpp"

#include <utility>

namespace baton::scheduling {

namespace {

std::vector<cell_layer> cells_of(const metadata::model_costs& m) {
  std::vector<cell_layer> cells;
  for (std::uint32_t l = 0; l + 1 < m.layer_count(); ++l) // not the last, see `model_added`
    if (m.parts_of(l) > 1)
      cells.push_back({l, m.parts_of(l)});
  return cells;
}

} // namespace

emulated_run::emulated_run(const emulation& what, engine decisions, workloads::workload& requests, observer& tell)
    : what_(what), where_(*what.where), engine_(std::move(decisions)), requests_(requests), tell_(tell) {
  const std::shared_ptr<const cluster> devices(what.where, &where_.devices);
  for (const auto& d : devices->devices) {
    workers_.push_back(
        {.queue = run_queue(
             {.self = d.id, .devices = devices, .quantum = what.quantum, .max_in_flight = what.segments_in_flight}),
         .lanes = std::vector<lane_state>(d.lanes),
         .sharing = where_.slow_each_other(d.id) ? std::optional(lane_sharing(d.lanes)) : std::nullopt});
  }
  loaded_.resize(where_.domains.size());
  for (std::uint32_t d = 0; d < where_.domains.size(); ++d)
    transfers_.push_back({transfer_queue({.self = {d}}), std::nullopt});
}

expected<void> emulated_run::warm_up() {
  for (const auto& d : where_.devices.devices)
    decide(worker_up{d.id});
  std::vector<std::vector<std::int64_t>> shapes;
  for (std::int64_t rows = 1; what_.warm && rows <= engine_.most_rows(); ++rows)
    shapes.push_back({rows});
  not_ready_ = what_.models.size();
  for (std::uint32_t i = 0; i < what_.models.size(); ++i)
    decide(model_added{{i + 1}, shapes, 0, what_.models[i].live_bytes, cells_of(what_.models[i])});
  settle();
  while (not_ready_ > 0 && !agenda_.empty())
    step();
  if (not_ready_ > 0)
    return fail(errc::internal, "the models were not ready before there was nothing left to do");
  if (!trouble_.empty())
    return fail(errc::bad_argument, trouble_);
  zero_ = now_;
  telling_ = true;
  return {};
}

expected<emulation_counters> emulated_run::run() {
  take_arrivals();
  settle();
  while (!agenda_.empty())
    step();
  if (!open_.empty())
    return fail(errc::internal, std::to_string(open_.size()) + " requests did not end");
  return counters_;
}

// -- time and messages
// ------------------------------------------------------------------------------------------------------------

void emulated_run::step() {
  now_ = agenda_.next();
  const auto what = agenda_.pop();
  std::visit([this](const auto& x) { on(x); }, what);
  if (!at_once_.empty())
    settle();
}

void emulated_run::on(const letter& e) {
  auto what = letters_.take(e.number);
  deliver_to(what);
}

void emulated_run::on(const wake&) {
  decide(tick{});
}

/// Messages that take no time are read when what sends them is done, in the order in which they were sent.
void emulated_run::post(envelope&& e) {
  ++counters_.messages;
  if (what_.message_latency > duration{}) {
    agenda_.push(now_ + what_.message_latency, letter{letters_.put(std::move(e))});
    return;
  }
  at_once_.push_back(std::move(e));
}

void emulated_run::settle() {
  for (; !at_once_.empty(); being_read_.clear()) { // more may come meanwhile
    std::swap(at_once_, being_read_);
    for (auto& e : being_read_)
      deliver_to(e);
  }
}

/// Takes what it can use out of it.
void emulated_run::deliver_to(envelope& e) {
  switch (e.to.what) {
  case party::kind::controller: at_controller(e.what); return;
  case party::kind::worker: at_worker({e.to.index}, std::move(e.what)); return;
  case party::kind::transfer: at_transfer({e.to.index}, std::move(e.what)); return;
  case party::kind::scheduler:
    std::visit(
        [this](auto& m) {
          if constexpr (std::is_constructible_v<event, decltype(m)>)
            decide(event(std::move(m)));
        },
        e.what);
    return;
  }
}

void emulated_run::decide(const event& e) {
  ++counters_.events;
  engine_.handle(e, now_, actions_);
  for (auto& a : actions_)
    perform(std::move(a));
  actions_.clear();
}

void emulated_run::perform(action&& a) {
  if (auto* e = std::get_if<envelope>(&a)) {
    post(std::move(*e));
  } else if (auto* w = std::get_if<wake_at>(&a)) {
    agenda_.push(w->when, wake{});
  } else if (auto* r = std::get_if<model_ready>(&a)) {
    --not_ready_;
    if (r->failure != errc::none)
      trouble_ = r->message;
  }
}

/// Carries out `effects_`.
void emulated_run::act(worker* by) {
  for (auto& x : effects_)
    if (auto* r = std::get_if<release>(&x))
      release_from(*by, r->task);
    else
      post(std::move(std::get<envelope>(x)));
  effects_.clear();
}

void emulated_run::release_from(worker& w, task_id t) {
  const auto found = w.find_held(t);
  if (found == w.held.end())
    return;
  const auto stay = found->second;
  w.held.erase(found);
  stay->released = true;
  if (stay->in_flight == 0)
    forget(w, stay);
}

void emulated_run::forget(worker& w, stays::iterator stay) {
  w.gone.splice(w.gone.begin(), w.here, stay);
}

// -- the controller
// ---------------------------------------------------------------------------------------------------------------

void emulated_run::on(const arrival_due&) {
  arrival_at_.reset();
  take_arrivals();
}

void emulated_run::take_arrivals() {
  for (auto next = requests_.next(); next; next = requests_.next()) {
    const auto when = zero_ + *next;
    if (when > now_) {
      if (!arrival_at_ || when < *arrival_at_) {
        arrival_at_ = when;
        agenda_.push(when, arrival_due{});
      }
      return;
    }
    const auto a = requests_.take();
    const request_id id{++last_request_};
    open_.emplace(id, a);
    decide(start_attempt{.request = id,
                         .attempt = {1},
                         .model = {a.model + 1},
                         .symbols = {a.rows},
                         .rows = a.rows,
                         .priority = a.priority,
                         .deadline = a.deadline == never ? never : zero_ + a.deadline,
                         .pinned = no_device,
                         .steps = {}});
  }
}

void emulated_run::at_controller(const message& m) {
  if (const auto* f = std::get_if<finished>(&m)) {
    for (const auto& member : f->members)
      end(member.request, errc::none, f->device, f->spent, f->taken);
  } else if (const auto* e = std::get_if<attempt_ended>(&m)) {
    end(e->request, e->reason, no_device, {}, {});
  }
}

void emulated_run::end(request_id r, errc failure, device_id on, const phases& spent, const detours& taken) {
  auto found = open_.find(r);
  if (found == open_.end())
    return;
  const auto a = found->second;
  open_.erase(found);
  counters_.end = now_ - zero_;
  tell_.ended({.request = r,
               .model = a.model,
               .rows = a.rows,
               .priority = a.priority,
               .arrival = a.at,
               .deadline = a.deadline,
               .end = now_ - zero_,
               .failure = failure,
               .device = on,
               .spent = spent,
               .taken = taken});
  requests_.ended(a, now_ - zero_);
  take_arrivals();
}

void emulated_run::tell(work_record w, std::span<const request_id> of) {
  if (!telling_)
    return;
  w.requests = of;
  w.start -= zero_;
  w.end -= zero_;
  tell_.worked(w);
}

domain_id emulated_run::host_of(domain_id d) const {
  auto host = d.value;
  while (host > 0 && where_.domains[host - 1].node == where_.domains[d.value].node)
    --host;
  return {host};
}

// -- from outside
// -----------------------------------------------------------------------------------------------------------------

expected<emulation_counters> emulate(const emulation& what, workloads::workload& requests, observer& tell) {
  const auto& where = *what.where;
  for (const auto& m : what.models)
    for (const auto& s : where.speeds)
      if (!m.on(s.kind->name))
        return fail(errc::bad_argument,
                    "model '" + m.name + "': nothing is known of what it costs on '" + std::string(s.kind->name) + "'");
  auto decisions = engine::make({.devices = {what.where, &where.devices},
                                 .policy = what.policy,
                                 .waiting_limit = what.waiting_limit,
                                 .backlog = what.backlog});
  if (!decisions)
    return tl::unexpected(decisions.error());
  emulated_run run(what, std::move(*decisions), requests, tell);
  if (auto warm = run.warm_up(); !warm)
    return tl::unexpected(warm.error());
  return run.run();
}

} // namespace baton::scheduling
