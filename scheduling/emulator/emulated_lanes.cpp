#include <algorithm>
#include <utility>

#include "scheduling/emulator/emulated_run.hpp"

/// When segments and copies begin and end. Where lanes do not slow each other that is known as soon as they are
/// submitted; else it shows as they go on, and so does when what waits for them begins.
namespace baton::scheduling {

/// `t` is of a segment that is in flight, or over.
time_point emulated_run::ready_at(const ready_ticket& t) const {
  if (t.sequence == 0)
    return now_;
  for (const auto& s : workers_[t.device.value].lanes[t.lane.value].in_flight)
    if (s.what.sequence == t.sequence)
      return s.end;
  return now_;
}

/// Those of the lane whose times are not known yet, as many as can be told. False: not all of them.
bool emulated_run::time_lane(device_id d, lane_id l) {
  auto& w = workers_[d.value];
  auto& lane = w.lanes[l.value];
  if (w.sharing)
    return lane.in_flight.front().start != never || begin(w, d, lane.in_flight.front());
  for (auto& s : lane.in_flight) {
    if (s.start != never)
      continue;
    const auto ready = ready_at(s.of->ready);
    if (ready == never)
      return false;
    s.start = std::max({now_, lane.free, ready}) + std::exchange(s.of->joining, duration{});
    lane.free = s.end = s.start + s.of->plan->course.between(s.what.begin, s.what.end);
    s.done = agenda_.reserve(s.end);
    if (&s == &lane.in_flight.front())
      agenda_.push(s.done, segment_done{d, l});
  }
  return true;
}

/// The first of its lane, beside what runs on others. False: it is not known when.
bool emulated_run::begin(worker& w, device_id d, submitted& s) {
  const auto ready = ready_at(s.of->ready);
  if (ready == never)
    return false;
  s.start = std::max(now_, ready) + std::exchange(s.of->joining, duration{});
  w.sharing->bring_to(now_);
  const auto& course = s.of->plan->course;
  w.sharing->put(s.what.lane.value, course, course.part(s.what.begin), course.part(s.what.end), s.start);
  retime(d);
  return true;
}

bool emulated_run::time_copy(domain_id into) {
  auto& c = *transfers_[into.value].under_way;
  const auto ready = ready_at(c.ready);
  if (ready == never)
    return false;
  c.what.start = std::max(now_, ready);
  c.what.end = c.what.start + where_.copy_time(c.what.from, c.what.to, c.what.bytes);
  agenda_.push(c.what.end, copy_done{into});
  return true;
}

bool emulated_run::time(const awaiting& x) {
  const auto* lane = std::get_if<lane_of>(&x);
  return lane ? time_lane(lane->device, lane->lane) : time_copy(std::get<domain_id>(x));
}

void emulated_run::wait(const awaiting& x) {
  if (std::find(waiting_.begin(), waiting_.end(), x) == waiting_.end())
    waiting_.push_back(x);
}

/// A segment has ended whose end was not known ahead.
void emulated_run::look_at_waiting() {
  for (auto i = waiting_.begin(); i != waiting_.end();) {
    if (!time(*i)) {
      ++i;
      continue;
    }
    waiting_.erase(i);
    i = waiting_.begin(); // now others may be known
  }
}

/// What runs at once on the device has changed.
void emulated_run::retime(device_id d) {
  auto& w = workers_[d.value];
  const auto at = w.sharing->next();
  if (at == w.change_at)
    return;
  w.change_at = at;
  ++w.retimed;
  if (at != never)
    agenda_.push(at, lanes_change{d, w.retimed});
}

void emulated_run::on(const lanes_change& e) {
  auto& w = workers_[e.device.value];
  if (e.retimed != w.retimed)
    return;
  w.change_at = never;
  w.sharing->bring_to(now_);
  if (const auto lane = w.sharing->done()) {
    w.sharing->clear(*lane);
    w.lanes[*lane].in_flight.front().end = now_;
    completed(e.device, {*lane});
  }
  retime(e.device);
}

} // namespace baton::scheduling
