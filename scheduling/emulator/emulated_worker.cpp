#include <algorithm>
#include <stdexcept>
#include <utility>

#include "metadata/rate.hpp"
#include "scheduling/emulator/emulated_run.hpp"

/// Workers: a run queue each, as in the live system, over lanes that only let time pass.
namespace baton::scheduling {

bool emulated_run::works(const worker& w) const {
  return std::any_of(w.lanes.begin(), w.lanes.end(), [](const auto& l) { return !l.in_flight.empty(); });
}

/// An inline device reads its messages between segments.
void emulated_run::at_worker(device_id d, message&& m) {
  auto& w = workers_[d.value];
  if (what_.segments_in_flight == 1 && works(w)) {
    w.unread.push_back(std::move(m));
    return;
  }
  read(d, std::move(m));
  submit_all(d);
}

void emulated_run::read(device_id d, message&& m) {
  auto& w = workers_[d.value];
  if (const auto* j = std::get_if<job>(&m))
    start_job(d, *j);
  else if (auto* a = std::get_if<accept>(&m))
    take_in(w, d, std::move(*a));
  else
    std::visit(
        [&](const auto& x) {
          if constexpr (requires { w.queue.on(x, effects_); })
            w.queue.on(x, effects_);
        },
        m);
  act(&w);
}

void emulated_run::take_in(worker& w, device_id d, accept m) {
  const auto plan = plans_.find({where_.devices.at(d).kind, m.what.model, m.what.symbols.front()});
  if (plan == plans_.end() || !loaded_[where_.devices.at(d).domain.value].contains(m.what.model)) {
    w.queue.refuse(m, errc::not_found, "the device has no plan for the task's model and shape", effects_);
    return;
  }
  const auto id = m.what.id;
  if (w.gone.empty())
    w.gone.emplace_back();
  auto& stay = w.gone.front();
  stay.plan = &plan->second;
  stay.model = m.what.model.value - 1;
  stay.ready = m.what.ready;
  stay.joining = joining(d, m.what);
  stay.released = false;
  stay.requests.clear();
  stay.behind.clear();
  for (const auto& member : m.what.members) {
    stay.requests.push_back(member.request);
    stay.behind.push_back(member.behind);
  }
  w.queue.on(std::move(m), plan->second.profile, effects_);
  if (!w.queue.holds(id))
    return;
  release_from(w, id); // it can be back before the word that our own hand-over was accepted
  const auto it = w.gone.begin();
  w.here.splice(w.here.begin(), w.gone, it);
  w.held.emplace_back(id, it);
}

void emulated_run::submit_all(device_id d) {
  auto& w = workers_[d.value];
  while (const auto s = w.queue.next()) {
    auto& lane = w.lanes[s->lane.value];
    const auto of = stay_of(w, lane, s->task);
    ++of->in_flight;
    lane.in_flight.push_back({*s, of});
    if (!time_lane(d, s->lane))
      wait(lane_of{d, s->lane});
    ++counters_.segments;
    w.queue.submitted(*s, effects_);
    if (!effects_.empty())
      act(&w);
  }
}

emulated_run::stays::iterator emulated_run::stay_of(worker& w, const lane_state& lane, task_id t) {
  if (!lane.in_flight.empty()) // mostly it goes on
    if (const auto& last = lane.in_flight.back(); last.what.task == t && !last.of->released)
      return last.of;
  const auto found = w.find_held(t);
  if (found == w.held.end())
    throw std::logic_error("a task runs that the worker has not taken in");
  return found->second;
}

/// What lies in pieces is read and written once, at the bandwidth of the device's memory.
duration emulated_run::joining(device_id d, const task& t) const {
  if (t.pieces == 1)
    return {};
  const auto bytes = costs(t.model).live_bytes[t.at.layer] * static_cast<std::uint64_t>(rows_of(t));
  const auto& kind = *where_.speeds[where_.devices.at(d).kind].kind;
  return link_facts{kind.launch, kind.bandwidth}.copy_time(2 * bytes);
}

void emulated_run::on(const segment_done& e) {
  completed(e.device, e.lane);
}

/// With the segment that is the lane's oldest now.
void emulated_run::proceed(device_id d, lane_id l) {
  auto& w = workers_[d.value];
  if (!w.sharing) {
    if (const auto& s = w.lanes[l.value].in_flight.front(); s.start != never)
      agenda_.push(s.done, segment_done{d, l});
  } else if (!time_lane(d, l)) {
    wait(lane_of{d, l});
  }
}

/// The oldest segment of the lane.
void emulated_run::completed(device_id d, lane_id l) {
  auto& w = workers_[d.value];
  auto& lane = w.lanes[l.value];
  const auto& s = lane.in_flight.front();
  const auto of = s.of;
  const auto sequence = s.what.sequence;
  const auto took = s.end - s.start;
  tell({.what = work_record::kind::compute,
        .requests = {},
        .behind = s.of->behind,
        .model = s.of->model,
        .first = s.what.begin,
        .last = s.what.end,
        .device = d,
        .lane = l,
        .start = s.start,
        .end = s.end},
       s.of->requests);
  lane.in_flight.pop_front();
  if (!lane.in_flight.empty())
    proceed(d, l);
  if (!waiting_.empty())
    look_at_waiting();
  if (--of->in_flight == 0 && of->released)
    forget(w, of);
  w.queue.completed(l, sequence, took, effects_);
  if (!effects_.empty())
    act(&w);
  while (!w.unread.empty()) {
    auto m = std::move(w.unread.front());
    w.unread.pop_front();
    read(d, std::move(m));
  }
  submit_all(d);
}

// -- plans
// ------------------------------------------------------------------------------------------------------------------

/// Weights are what memory is for here: activations are small beside them. How long they take to come over.
duration emulated_run::load(device_id d, const job& j) {
  auto& there = loaded_[j.domain.value];
  for (const auto m : j.evict) {
    if (there.erase(m) == 0)
      continue;
    tell({.what = work_record::kind::eviction,
          .requests = {},
          .model = m.value - 1,
          .first = {},
          .last = {},
          .device = d,
          .lane = {},
          .from = j.domain,
          .bytes = costs(m).weight_bytes,
          .start = now_,
          .end = now_},
         {});
  }
  if (there.contains(j.model))
    return {};
  const auto& domain = where_.domains[j.domain.value];
  std::uint64_t taken = 0;
  for (const auto m : there)
    taken += costs(m).weight_bytes;
  const auto bytes = costs(j.model).weight_bytes;
  if (bytes > domain.memory - std::min(taken, domain.memory)) {
    workers_[d.value].no_room = "no memory for the weights of model '" + costs(j.model).name + "' in '" + domain.name
                                + "': " + std::to_string(bytes) + " bytes, " + std::to_string(taken) + " of "
                                + std::to_string(domain.memory) + " are taken";
    return {};
  }
  there.insert(j.model);
  const auto takes = where_.copy_time(host_of(j.domain), j.domain, bytes);
  if (takes > duration{})
    tell({.what = work_record::kind::load,
          .requests = {},
          .model = j.model.value - 1,
          .first = {},
          .last = {},
          .device = d,
          .lane = {},
          .from = host_of(j.domain),
          .to = j.domain,
          .bytes = bytes,
          .start = now_,
          .end = now_ + takes},
         {});
  return takes;
}

void emulated_run::start_job(device_id d, const job& j) {
  auto& w = workers_[d.value];
  const auto loading = load(d, j);
  w.building = j;
  w.building_since = now_ + loading;
  agenda_.push(now_ + loading + (w.no_room.empty() ? what_.plan_building : duration{}), job_finished{d});
}

void emulated_run::on(const job_finished& e) {
  auto& w = workers_[e.device.value];
  const auto j = *std::exchange(w.building, std::nullopt);
  if (!w.no_room.empty())
    return post({the_scheduler,
                 job_done{j.command, e.device, errc::out_of_memory, std::exchange(w.no_room, {}), {}, {}, {}, {}}});
  const auto kind = where_.devices.at(e.device).kind;
  const auto& speed = where_.speeds[kind];
  const auto& table = *costs(j.model).on(speed.kind->name);
  auto profile = std::make_shared<plan_profile>();
  std::vector<metadata::resource_use> uses;
  std::vector<duration> times;
  std::vector<std::int64_t> layer_ns;
  for (std::uint32_t i = 0; i < table.layer_count(); ++i) {
    const auto rows = static_cast<std::uint32_t>(j.symbols.front());
    times.push_back(speed.scaled(table.layer(i, rows)));
    profile->parts.push_back(costs(j.model).parts_of(i));
    profile->part_time.push_back(times.back() / profile->parts.back());
    uses.push_back(table.use(i, rows));
    layer_ns.push_back(times.back().count());
  }
  plan_times made{profile, plan_course(times, uses, profile->parts)};
  const auto predicted = made.course.until.back();
  plans_.try_emplace({kind, j.model, j.symbols.front()}, std::move(made));
  if (!w.sharing)
    uses.clear(); // then the engine need not know
  if (what_.plan_building > duration{})
    tell({.what = work_record::kind::plan,
          .requests = {},
          .model = j.model.value - 1,
          .first = {},
          .last = {},
          .device = e.device,
          .lane = {},
          .start = w.building_since,
          .end = now_},
         {});
  post({the_scheduler,
        job_done{j.command, e.device, errc::none, {}, predicted, {}, std::move(layer_ns), std::move(uses)}});
}

} // namespace baton::scheduling
