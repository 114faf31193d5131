#include "actors/trace/story.hpp"

#include <algorithm>
#include <deque>
#include <tuple>
#include <utility>

namespace baton::actors::trace {

namespace {

using key =
    std::tuple<message_kind, task_id, metadata::task_epoch, metadata::command_id, request_id, metadata::attempt_number>;

key key_of(message_kind what, const subject& s) {
  return {what, s.task, s.epoch, s.command, s.request, s.attempt};
}

/// Puts handling to sending. A message carries no number of its own: what it is about is nearly always unlike any
/// other's under way to the same receiver, and those that are alike arrive in the order in which they were sent.
class matcher {
public:
  explicit matcher(std::vector<exchange>& out) : out_(out) {}

  void on(const message_sent& m) {
    under_way_[m.to][key_of(m.what, m.about)].push_back(out_.size());
    out_.push_back({m, std::nullopt});
  }
  void on(const message_handled& m) {
    auto& waiting = under_way_[m.to];
    auto i = waiting.find(key_of(m.what, m.about));
    if (i == waiting.end()) {
      out_.push_back({std::nullopt, m});
      return;
    }
    out_[i->second.front()].handled = m;
    i->second.pop_front();
    if (i->second.empty())
      waiting.erase(i);
  }
  void on(const worker_died& m) { under_way_.erase(scheduling::worker_of(m.device)); }

private:
  std::vector<exchange>& out_;
  std::map<party, std::map<key, std::deque<std::size_t>>> under_way_;
};

/// In order of time; what was sent comes before what was handled then.
void tell_messages(const std::vector<record>& all, story& s) {
  struct event {
    time_point at;
    int rank;
    const record* what;
  };
  std::vector<event> events;
  for (const auto& r : all) {
    if (const auto* sent = std::get_if<message_sent>(&r))
      events.push_back({sent->at, 0, &r});
    else if (const auto* handled = std::get_if<message_handled>(&r))
      events.push_back({handled->begin, 1, &r});
    else if (const auto* death = std::get_if<worker_died>(&r))
      events.push_back({death->at, 2, &r});
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const event& a, const event& b) { return std::tie(a.at, a.rank) < std::tie(b.at, b.rank); });
  matcher m(s.messages);
  for (const auto& e : events)
    std::visit(
        [&m](const auto& x) {
          if constexpr (requires { m.on(x); })
            m.on(x);
        },
        *e.what);
}

/// A device runs a lane's segments one behind the other, and has had each for `elapsed` by the time it was seen to be
/// complete.
void lay_out(std::vector<segment_ran>& all) {
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::map<std::pair<device_id, metadata::lane_id>, time_point> free;
  for (auto& x : all) {
    auto& lane = free.try_emplace({x.device, x.lane}, x.begin).first->second;
    x.begin = std::min(std::max(x.begin, lane), std::max(x.end, lane));
    x.end = std::max(x.begin, std::min(x.begin + std::max(x.elapsed, duration{}), x.end));
    lane = x.end;
  }
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
}

struct collector {
  story& s;

  void operator()(const message_sent& x) const { belongs(x.about.task, x.about.request); }
  void operator()(const message_handled& x) const { belongs(x.about.task, x.about.request); }
  void operator()(const member& x) const { belongs(x.task, x.request); }
  void operator()(const segment_ran& x) const {
    belongs(x.task, x.request);
    s.segments.push_back(x);
  }
  void operator()(const copy_made& x) const {
    belongs(x.task, x.request);
    s.copies.push_back(x);
  }
  void operator()(const job_ran& x) const { s.jobs.push_back(x); }
  void operator()(const request_arrived& x) const { s.requests[x.request].arrived = x; }
  void operator()(const request_ended& x) const { s.requests[x.request].ended = x; }
  void operator()(const gauge& x) const { s.gauges.push_back(x); }
  void operator()(const worker_died& x) const { s.deaths.push_back(x); }
  void operator()(const entries_dropped& x) const { s.dropped += x.count; }

  void belongs(task_id t, request_id r) const {
    if (t.value != 0 && r.value != 0)
      s.members[t].insert(r);
  }
};

void bounds(const contents& c, story& s) {
  bool first = true;
  auto include = [&](time_point t) {
    s.begin = first ? t : std::min(s.begin, t);
    s.end = first ? t : std::max(s.end, t);
    first = false;
  };
  for (const auto& r : c.records)
    std::visit(
        [&](const auto& x) {
          if constexpr (requires { x.at; } && !std::is_same_v<std::decay_t<decltype(x)>, copy_made>)
            include(x.at);
          if constexpr (requires { x.begin; }) {
            include(x.begin);
            include(x.end);
          }
        },
        r);
  if (c.end)
    include(c.end->at);
}

/// When a transfer had the task: from what brought it there to the first word of the transfer's about it.
std::map<task_id, std::vector<phase>> stays_at_transfers(const story& s) {
  std::map<task_id, std::vector<phase>> stays;
  std::map<task_id, std::pair<party, time_point>> open;
  for (const auto& m : s.messages) {
    if (!m.sent)
      continue;
    const auto& x = *m.sent;
    if (x.what == message_kind::bring || x.what == message_kind::deliver) {
      open[x.about.task] = {x.to, x.at};
    } else if (x.from.what == party::kind::transfer && x.what != message_kind::accepted) {
      auto i = open.find(x.about.task);
      if (i == open.end() || i->second.first != x.from)
        continue;
      stays[x.about.task].push_back({phase::kind::moving, i->second.second, x.at});
      open.erase(i);
    }
  }
  return stays;
}

std::vector<phase> phases_of(const request_story& r, std::vector<phase> busy, time_point end) {
  std::sort(busy.begin(), busy.end(), [](const phase& a, const phase& b) { return a.begin < b.begin; });
  std::vector<phase> all;
  auto now = r.arrived->at;
  end = std::max(r.ended ? r.ended->at : end, now);
  for (auto p : busy) {
    p.begin = std::clamp(p.begin, now, end);
    p.end = std::clamp(p.end, p.begin, end);
    const bool goes_on = !all.empty() && all.back().what == p.what && p.begin - now < shortest_wait;
    if (!goes_on && p.begin > now)
      all.push_back({phase::kind::queued, now, p.begin});
    if (goes_on)
      all.back().end = p.end;
    else if (p.end > p.begin)
      all.push_back(p);
    now = p.end;
  }
  const bool done = r.ended && r.ended->outcome == errc::none; // the rest is the answer on its way
  if (!done && now < end)
    all.push_back({phase::kind::queued, now, end});
  return all;
}

void tell_requests(story& s) {
  for (const auto& [t, requests] : s.members)
    for (auto r : requests)
      s.requests[r].tasks.insert(t);
  for (std::size_t i = 0; i < s.segments.size(); ++i)
    if (auto m = s.members.find(s.segments[i].task); m != s.members.end())
      for (auto r : m->second)
        s.requests[r].segments.push_back(i);
  for (const auto& m : s.messages) {
    if (!m.sent || m.sent->from != party{scheduling::the_scheduler}
        || (m.sent->what != message_kind::accept && m.sent->what != message_kind::bring))
      continue;
    if (auto of = s.members.find(m.sent->about.task); of != s.members.end())
      for (auto r : of->second)
        if (auto& given = s.requests[r].given; !given)
          given = m.sent->at;
  }
  auto moves = stays_at_transfers(s);
  for (auto& [id, r] : s.requests) {
    if (!r.arrived)
      continue;
    std::vector<phase> busy;
    for (auto i : r.segments)
      busy.push_back({phase::kind::computing, s.segments[i].begin, s.segments[i].end});
    const auto computing = busy.size();
    for (auto t : r.tasks)
      if (auto i = moves.find(t); i != moves.end())
        for (auto p : i->second) {
          // A transfer has a task before its last segments have ended, and copies nothing until then.
          for (std::size_t c = 0; c < computing; ++c)
            if (busy[c].begin < p.end)
              p.begin = std::clamp(busy[c].end, p.begin, p.end);
          busy.push_back(p);
        }
    r.phases = phases_of(r, std::move(busy), s.end);
  }
}

} // namespace

story tell(const contents& c) {
  story s;
  for (const auto& r : c.records)
    std::visit(collector{s}, r);
  bounds(c, s);
  tell_messages(c.records, s);
  lay_out(s.segments);
  auto by_time = [](const auto& a, const auto& b) { return a.at < b.at; };
  std::stable_sort(s.gauges.begin(), s.gauges.end(), by_time);
  std::stable_sort(s.deaths.begin(), s.deaths.end(), by_time);
  tell_requests(s);
  return s;
}

/// Who has not heard yet of the successor still sends to the dead.
bool died(const story& s, const exchange& m) {
  if (m.handled || !m.sent || m.to().what != party::kind::worker)
    return false;
  return std::any_of(s.deaths.begin(), s.deaths.end(), [&](const worker_died& d) {
    if (scheduling::worker_of(d.device) != scheduling::party{scheduling::party::kind::worker, m.to().index})
      return false;
    if (d.at >= m.sent->at)
      return true;
    return m.sent->from != party{scheduling::the_scheduler}
           && std::none_of(s.messages.begin(), s.messages.end(), [&](const exchange& x) {
                return x.what() == message_kind::introduction && x.to() == m.sent->from && x.handled
                       && x.handled->begin >= d.at && x.handled->begin <= m.sent->at;
              });
  });
}

} // namespace baton::actors::trace
