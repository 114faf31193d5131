#include "apps/trace_chrome.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include <fmt/format.h>

#include "apps/chrome_events.hpp"
#include "apps/trace_names.hpp"

namespace baton::apps {

namespace {

namespace trace = actors::trace;
using json = chrome_events::json;
using track = chrome_events::track;
using metadata::time_point;

constexpr std::uint32_t head = 1, requests = 2, first_domain = 10;
constexpr std::uint32_t per_device = 10'000; // above it a device's lanes, then what else it has
constexpr std::uint32_t jobs = 9'000, handlers = 9'001, pump = 9'002;

double us(std::chrono::nanoseconds t) {
  return std::chrono::duration<double, std::micro>(t).count();
}

class chrome_writer {
public:
  chrome_writer(std::ostream& out, const trace::contents& c, const trace::story& s)
      : events_(out), contents_(c), story_(s), names_(c) {}

  std::size_t write(bool messages) {
    put_names(messages);
    for (const auto& x : story_.segments)
      put_segment(x);
    for (const auto& x : story_.copies)
      put_copy(x);
    for (const auto& x : story_.jobs)
      events_.slice(of_device(x.device, jobs), name_of(x.what) + names_.model(x.model), x.begin, x.end,
                    {{"command", x.command.value}, {"failure", text_of(x.failure)}});
    for (const auto& m : story_.messages)
      if (m.handled && (messages || is_head(m.to())))
        put_handled(m);
    for (const auto& x : story_.gauges)
      put_gauge(x);
    for (const auto& x : story_.deaths)
      events_.instant(of_device(x.device, jobs), "worker died", x.at);
    for (const auto& [id, r] : story_.requests)
      put_request(id, r);
    if (messages)
      for (const auto& m : story_.messages)
        put_arrow(m);
    return events_.finish();
  }

private:
  static std::string name_of(trace::job_ran::kind what) {
    switch (what) {
    case trace::job_ran::kind::weights: return "weights ";
    case trace::job_ran::kind::plan: return "plan ";
    case trace::job_ran::kind::eviction: return "eviction ";
    }
    return {};
  }

  // -- tracks ---------------------------------------------------------------------------------------------------------

  track of_device(metadata::device_id d, std::uint32_t which) const {
    return {first_domain + contents_.names.devices[d.value].domain.value, (d.value + 1) * per_device + which};
  }
  static track of_link(metadata::domain_id from, metadata::domain_id to) {
    return {first_domain + to.value, 2 + from.value};
  }
  track of_party(const trace::party& p) const {
    switch (p.what) {
    case trace::party::kind::controller: return {head, 1};
    case trace::party::kind::scheduler: return {head, 2};
    case trace::party::kind::runtime: return {head, 3};
    case trace::party::kind::timer: return {head, 4};
    case trace::party::kind::worker: return of_device({p.index}, handlers);
    case trace::party::kind::pump: return of_device({p.index}, pump);
    case trace::party::kind::transfer: return {first_domain + p.index, 1};
    }
    return {};
  }
  static bool is_head(const trace::party& p) {
    return p.what == trace::party::kind::controller || p.what == trace::party::kind::scheduler;
  }

  void put_names(bool messages) {
    events_.name_group(head, "head");
    events_.name_track({head, 1}, "controller");
    events_.name_track({head, 2}, "scheduler");
    if (messages) {
      events_.name_track({head, 3}, "runtime");
      events_.name_track({head, 4}, "timer");
    }
    events_.name_group(requests, "requests");
    for (std::uint32_t d = 0; d < contents_.names.domains.size(); ++d) {
      events_.name_group(first_domain + d, "domain " + contents_.names.domains[d]);
      if (messages)
        events_.name_track({first_domain + d, 1}, "transfer: messages");
    }
    std::set<std::pair<metadata::domain_id, metadata::domain_id>> links;
    for (const auto& x : story_.copies)
      if (x.storer == metadata::no_device && links.emplace(x.from, x.to).second)
        events_.name_track(of_link(x.from, x.to), "link " + names_.domain(x.from) + " -> " + names_.domain(x.to));
    for (std::uint32_t d = 0; d < contents_.names.devices.size(); ++d) {
      const auto& device = contents_.names.devices[d];
      for (std::uint32_t lane = 0; lane < device.lanes; ++lane)
        events_.name_track(of_device({d}, lane),
                           device.lanes == 1 ? device.name : fmt::format("{} lane {}", device.name, lane));
      events_.name_track(of_device({d}, jobs), device.name + ": jobs and outputs");
      if (messages)
        events_.name_track(of_device({d}, handlers), device.name + ": messages");
    }
  }

  // -- what took time -------------------------------------------------------------------------------------------------

  void put_segment(const trace::segment_ran& x) {
    json args{{"task", x.task.value},
              {"requests", requests_of(x.task, x.request)},
              {"from", position_text(x.first)},
              {"to", position_text(x.last)},
              {"device_us", us(x.elapsed)}};
    if (x.failure != errc::none)
      args["failure"] = text_of(x.failure);
    events_.slice(of_device(x.device, x.lane.value),
                  names_.model(x.model) + ": " + names_.layers(x.model, x.first, x.last), x.begin, x.end,
                  std::move(args));
  }
  void put_copy(const trace::copy_made& x) {
    json args{{"bytes", x.bytes}, {"task", x.task.value}, {"requests", requests_of(x.task, x.request)}};
    if (x.failure != errc::none)
      args["failure"] = text_of(x.failure);
    if (x.storer != metadata::no_device)
      return events_.slice(of_device(x.storer, jobs), "outputs", x.begin, x.end, std::move(args));
    args["at"] = position_text(x.at);
    events_.slice(of_link(x.from, x.to), fmt::format("copy for task {}", x.task.value), x.begin, x.end,
                  std::move(args));
  }
  void put_handled(const trace::exchange& m) {
    const auto& x = *m.handled;
    auto args = json::object();
    if (x.about.request.value != 0)
      args["request"] = x.about.request.value;
    if (x.about.task.value != 0) {
      args["task"] = x.about.task.value;
      args["epoch"] = x.about.epoch.value;
    }
    if (x.about.command.value != 0)
      args["command"] = x.about.command.value;
    if (m.sent) {
      args["from"] = names_.party(m.sent->from);
      args["waited_us"] = us(x.begin - m.sent->at);
    }
    events_.slice(of_party(x.to), std::string(to_string(x.what)), x.begin, x.end, std::move(args));
  }
  void put_gauge(const trace::gauge& x) {
    const bool waiting = x.what == trace::gauge::kind::waiting;
    events_.counter(waiting ? head : of_device(x.device, 0).group,
                    waiting ? "waiting tasks" : "tasks on " + names_.device(x.device), x.at, "tasks", x.tasks);
  }

  // -- requests -------------------------------------------------------------------------------------------------------

  void put_request(metadata::request_id id, const trace::request_story& r) {
    if (!r.arrived)
      return;
    const auto end = std::max(r.ended ? r.ended->at : story_.end, r.arrived->at);
    json args{{"request", id.value},
              {"priority", r.arrived->priority},
              {"rows", r.arrived->rows},
              {"outcome", !r.ended                         ? "open"
                          : r.ended->outcome == errc::none ? "success"
                                                           : text_of(r.ended->outcome)}};
    if (r.given)
      args["first_given_us"] = us(*r.given - r.arrived->at);
    if (r.ended) {
      args["attempts"] = r.ended->attempts;
      args["device"] = names_.device(r.ended->device);
    }
    events_.begin(requests, id.value, names_.model(r.arrived->model), r.arrived->at, std::move(args));
    for (const auto& p : r.phases) {
      const char* name = p.what == trace::phase::kind::queued      ? "queued"
                         : p.what == trace::phase::kind::computing ? "computing"
                                                                   : "moving";
      events_.begin(requests, id.value, name, p.begin);
      events_.end(requests, id.value, name, p.end);
    }
    events_.end(requests, id.value, names_.model(r.arrived->model), end);
    put_flow(id, r);
  }
  /// From the controller, over each stretch of segments on one lane, back to it.
  void put_flow(metadata::request_id id, const trace::request_story& r) {
    struct point {
      track where;
      time_point at;
    };
    std::vector<point> way{{of_party(scheduling::the_controller), r.arrived->at}};
    if (auto first = first_handled_.find(id); first != first_handled_.end())
      way.front().at = first->second;
    const trace::segment_ran* last = nullptr;
    for (auto i : r.segments) {
      const auto& x = story_.segments[i];
      if (!last || last->device != x.device || last->lane != x.lane || x.begin - last->end >= trace::shortest_wait)
        way.push_back({of_device(x.device, x.lane.value), std::max(x.begin, way.back().at)});
      last = &x;
    }
    if (r.ended)
      way.push_back({of_party(scheduling::the_controller), std::max(r.ended->at, way.back().at)});
    if (way.size() < 2)
      return;
    for (std::size_t i = 0; i < way.size(); ++i)
      events_.arrow("request", id.value, i, way.size(), way[i].where, way[i].at);
  }

  // -- messages -------------------------------------------------------------------------------------------------------

  void put_arrow(const trace::exchange& m) {
    if (!m.sent)
      return;
    const auto& from = m.sent->from;
    const bool by_actor = from.what <= trace::party::kind::transfer;
    if (!by_actor || !m.handled)
      events_.instant(of_party(from), std::string(to_string(m.what())) + " to " + names_.party(m.to()), m.sent->at,
                      {{"received", m.handled.has_value()}});
    if (!by_actor || !m.handled)
      return;
    ++arrows_;
    events_.arrow("message", arrows_, 0, 2, of_party(from), m.sent->at);
    events_.arrow("message", arrows_, 1, 2, of_party(m.to()), std::max(m.handled->begin, m.sent->at));
  }

  json requests_of(metadata::task_id t, metadata::request_id first) const {
    auto all = json::array();
    if (auto i = story_.members.find(t); i != story_.members.end())
      for (auto r : i->second)
        all.push_back(r.value);
    else if (first.value != 0)
      all.push_back(first.value);
    return all;
  }
  static std::string text_of(errc e) { return std::string(to_string(e)); }

  static std::map<metadata::request_id, time_point> taken_in(const trace::story& s) {
    std::map<metadata::request_id, time_point> all;
    for (const auto& m : s.messages)
      if (m.handled && m.what() == trace::message_kind::new_request)
        all.try_emplace(m.about().request, m.handled->begin);
    return all;
  }

  chrome_events events_;
  const trace::contents& contents_;
  const trace::story& story_;
  trace_names names_;
  std::map<metadata::request_id, time_point> first_handled_ = taken_in(story_);
  std::uint64_t arrows_ = 0;
};

} // namespace

std::size_t write_chrome_trace(std::ostream& out, const trace::contents& c, const trace::story& s, bool messages) {
  return chrome_writer(out, c, s).write(messages);
}

} // namespace baton::apps
