#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "apps/trace_chrome.hpp"
#include "apps/trace_listing.hpp"
#include "tests/actors/real_runtime.hpp"
#include "tests/metadata/temporary_file.hpp"
#include "tests/support/model_builder.hpp"

using namespace baton;
using namespace baton::testing;
using nlohmann::json;
using namespace baton::apps;
using scheduling::order;
namespace trace = actors::trace;

namespace {

constexpr std::size_t requests = 6;

/// Requests that move from one domain to another, preempted on their way.
trace::contents moving_run() {
  temporary_file file(".trace");
  auto options = options_for("cpu:1@a,cpu:1@b");
  options.trace = file.path();
  options.quantum = {};
  {
    auto r = start(options);
    auto model = tiny_cnn();
    auto id = add(*r, model, {{1}});
    for (std::size_t i = 0; i < requests; ++i) {
      actors::request q{.model = id, .inputs = random_inputs(*model, {1}), .timeout = {}, .pinned = {0}, .steps = {}};
      q.steps = {{order::kind::preempt, {1, 0}, {0}}, {order::kind::hand_off, {2, 0}, {1}}};
      const auto submitted = r->submit(std::move(q));
      REQUIRE(submitted);
    }
    for (const auto& [n, d] : collect(*r, requests))
      CHECK(d.failure == errc::none);
    CHECK(eventually([&] { return r->counters().engine.finished == requests; }));
  }
  auto c = trace::read(file.path());
  if (!c)
    FAIL(c.error().message);
  return *c;
}

json exported(const trace::contents& c, bool messages) {
  std::ostringstream out;
  auto events = write_chrome_trace(out, c, trace::tell(c), messages);
  auto parsed = json::parse(out.str());
  REQUIRE(parsed["traceEvents"].size() == events);
  return parsed["traceEvents"];
}

bool is(const json& e, const char* phase) {
  return e["ph"] == phase;
}

using place = std::pair<int, int>;

place place_of(const json& e) {
  return {e["pid"], e["tid"]};
}

std::map<place, std::string> track_names(const json& events) {
  std::map<place, std::string> names;
  for (const auto& e : events)
    if (is(e, "M") && e["name"] == "thread_name")
      names[place_of(e)] = e["args"]["name"];
  return names;
}

/// Each event belongs to a track with a name, and slices of a track overlap only if one lies within the other.
void check_tracks(const json& events) {
  auto names = track_names(events);
  std::map<place, std::vector<std::pair<double, double>>> slices;
  for (const auto& e : events) {
    if (is(e, "X")) {
      CHECK(e["dur"] >= 0);
      slices[place_of(e)].emplace_back(e["ts"], e["ts"].get<double>() + e["dur"].get<double>());
    }
    if (is(e, "X") || is(e, "i") || is(e, "s") || is(e, "t") || is(e, "f"))
      CHECK(names.contains(place_of(e)));
  }
  constexpr double rounding = 0.002; // of us as a binary fraction
  for (auto& [where, all] : slices) {
    INFO(names[where]);
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
      return std::pair{a.first, -a.second} < std::pair{b.first, -b.second};
    });
    std::vector<double> open;
    for (const auto& [begin, end] : all) {
      while (!open.empty() && open.back() <= begin + rounding)
        open.pop_back();
      CHECK((open.empty() || end <= open.back() + rounding));
      open.push_back(end);
    }
  }
}

/// Arrows of a kind: a start, steps, an end, in order of time, each point within a slice of its track.
std::map<std::uint64_t, std::vector<json>> check_arrows(const json& events, const std::string& kind) {
  std::map<std::uint64_t, std::vector<json>> arrows;
  std::map<place, std::vector<std::pair<double, double>>> slices;
  for (const auto& e : events)
    if (is(e, "X"))
      slices[place_of(e)].emplace_back(e["ts"], e["ts"].get<double>() + e["dur"].get<double>());
    else if ((is(e, "s") || is(e, "t") || is(e, "f")) && e["cat"] == kind)
      arrows[e["id"]].push_back(e);
  for (const auto& [id, points] : arrows) {
    INFO(kind << " " << id);
    REQUIRE(points.size() >= 2);
    for (std::size_t i = 0; i < points.size(); ++i) {
      const auto& e = points[i];
      CHECK(is(e, i == 0 ? "s" : i + 1 < points.size() ? "t" : "f"));
      CHECK((i == 0 || e["ts"] >= points[i - 1]["ts"]));
      const double at = e["ts"];
      const auto& there = slices[place_of(e)];
      CHECK(std::any_of(there.begin(), there.end(),
                        [at](const auto& x) { return x.first <= at + 0.002 && at <= x.second + 0.002; }));
    }
  }
  return arrows;
}

} // namespace

TEST_CASE("a trace's JSON has a track for each lane and link, slices that do not cross, and an arrow per request",
          "[apps]") {
  auto c = moving_run();
  auto events = exported(c, false);
  std::set<std::string> names;
  for (const auto& [where, name] : track_names(events))
    names.insert(name);
  CHECK(names.contains("controller"));
  CHECK(names.contains("scheduler"));
  CHECK(names.contains("cpu:0"));
  CHECK(names.contains("cpu:1"));
  CHECK(names.contains("link a -> b"));
  check_tracks(events);
  auto arrows = check_arrows(events, "request");
  CHECK(arrows.size() == requests);
  for (const auto& [id, points] : arrows)
    CHECK(points.size() >= 4); // the controller, one device, the other, the controller
  CHECK(check_arrows(events, "message").empty());

  std::map<std::string, int> open, begun, counters;
  std::size_t named = 0;
  for (const auto& e : events) {
    const std::string name = e["name"];
    if (is(e, "b"))
      ++open[e["id"].dump() + name], ++begun[name];
    else if (is(e, "e"))
      --open[e["id"].dump() + name];
    else if (is(e, "C"))
      ++counters[name];
    else if (is(e, "X") && name.starts_with("tiny_cnn: "))
      ++named;
  }
  for (const auto& [name, n] : open)
    CHECK(n == 0);
  CHECK(begun["tiny_cnn"] == requests);
  CHECK(begun["queued"] >= static_cast<int>(requests));
  CHECK(begun["computing"] >= 2 * static_cast<int>(requests));
  CHECK(begun["moving"] >= static_cast<int>(requests));
  CHECK(counters["tasks on cpu:0"] > 0);
  CHECK(counters["tasks on cpu:1"] > 0);
  CHECK(named == trace::tell(c).segments.size());
}

TEST_CASE("with its messages a trace's JSON has an arrow for each, from sender to receiver", "[apps]") {
  auto c = moving_run();
  auto events = exported(c, true);
  check_tracks(events);
  auto arrows = check_arrows(events, "message");
  std::size_t wanted = 0;
  for (const auto& m : trace::tell(c).messages)
    wanted += m.sent && m.handled && m.sent->from.what <= trace::party::kind::transfer ? 1 : 0;
  CHECK(arrows.size() == wanted);
}

TEST_CASE("a trace that was cut off is still valid JSON", "[apps]") {
  auto c = moving_run();
  c.end.reset();
  c.records.resize(c.records.size() / 2);
  auto events = exported(c, true);
  check_tracks(events);
  c.records.clear();
  CHECK(exported(c, true).size() > 4);
  CHECK_THAT(trace_summary(c, trace::tell(c)), Catch::Matchers::Contains("ends before its runtime did"));
}

TEST_CASE("the messages of a request are listed in order, with those of its task that do not name it", "[apps]") {
  auto c = moving_run();
  auto s = trace::tell(c);
  auto text = message_table(c, s, {.request = metadata::request_id{2}, .task = {}});
  std::size_t at = 0;
  for (const auto* what : {"new_request", "start_attempt", "accept", "bring", "accepted", "finished"}) {
    INFO(what << " in\n" << text);
    at = text.find(what, at);
    CHECK(at != std::string::npos);
  }
  CHECK_THAT(text, Catch::Matchers::Contains("transfer into b"));
  CHECK_THAT(text, Catch::Matchers::Contains("worker cpu:1"));
  auto of_task = message_table(c, s, {.request = {}, .task = *s.requests.at({2}).tasks.begin()});
  CHECK(of_task.size() < text.size());
  CHECK(message_table(c, s, {}).size() > 4 * text.size());
  auto summary = trace_summary(c, s);
  CHECK_THAT(summary, Catch::Matchers::Contains("6 requests, 6 ended, 0 of them"));
  CHECK_THAT(summary, Catch::Matchers::Contains("0 entries dropped"));
}
