#include <catch2/catch.hpp>

#include "actors/trace/story.hpp"
#include "tests/actors/real_runtime.hpp"
#include "tests/metadata/temporary_file.hpp"
#include "tests/support/model_builder.hpp"

using namespace baton;
using namespace baton::testing;
using namespace std::chrono_literals;
using scheduling::order;
namespace trace = actors::trace;

namespace {

struct traced_run {
  trace::contents told;
  std::size_t crossings; ///< of domains, by each request
  bool ends_at_home;     ///< the last device stores the outputs where the client gets them
};

/// Requests that are preempted and moved in the middle, on two devices.
traced_run run_two_devices(const std::string& devices, std::size_t requests, metadata::duration quantum) {
  temporary_file file(".trace");
  auto options = options_for(devices);
  options.trace = file.path();
  options.quantum = quantum;
  traced_run result;
  {
    auto r = start(options);
    result.crossings = crossings(*r, {0, 1});
    result.ends_at_home = r->devices()[1].domain == metadata::host_domain;
    auto model = tiny_resnet();
    auto id = add(*r, model, {{1}});
    auto inputs = random_inputs(*model, {1}, 3);
    for (std::size_t i = 0; i < requests; ++i) {
      actors::request q{.model = id, .inputs = inputs, .timeout = {}, .pinned = {0}, .steps = {}};
      q.steps = {{order::kind::preempt, {1, 0}, {0}}, {order::kind::hand_off, {3, 0}, {1}}};
      const auto submitted = r->submit(std::move(q));
      REQUIRE(submitted);
    }
    for (const auto& [n, d] : collect(*r, requests)) {
      CHECK(d.failure == errc::none);
      CHECK(d.moves == 1);
      CHECK(d.preemptions == 1);
    }
    CHECK(eventually([&] { return r->counters().engine.finished == requests; }));
  }
  auto c = trace::read(file.path());
  if (!c)
    FAIL(c.error().message);
  result.told = std::move(*c);
  return result;
}

/// Parts that the segments of a request cover, one behind the other.
void check_course(const trace::story& s, const trace::request_story& r, std::uint32_t layers) {
  metadata::position at;
  metadata::time_point now{};
  std::set<std::uint32_t> devices;
  for (auto i : r.segments) {
    const auto& x = s.segments[i];
    CHECK(x.first == at);
    CHECK(x.begin >= now);
    CHECK(x.failure == errc::none);
    at = x.last;
    now = x.end;
    devices.insert(x.device.value);
  }
  CHECK(at == metadata::position{layers, 0});
  CHECK(devices == std::set<std::uint32_t>{0, 1});
}

} // namespace

TEST_CASE("a trace tells of each request its arrival, every layer once and in order, its copies and its end",
          "[actors]") {
  auto devices = GENERATE(as<std::string>{}, places().together, places().apart);
  auto quantum = GENERATE(0us, std::chrono::microseconds{scheduling::defaults::quantum});
  CAPTURE(devices, quantum.count());
  constexpr std::size_t requests = 12;
  const auto run = run_two_devices(devices, requests, quantum);
  const auto& c = run.told;
  REQUIRE(c.end);
  CHECK(c.end->why.empty());
  REQUIRE(c.models.size() == 1);
  const auto& layers = c.models.begin()->second.layers;
  CHECK(c.models.begin()->second.name == "tiny_resnet");
  auto s = trace::tell(c);
  CHECK(s.dropped == 0);
  CHECK(s.deaths.empty());

  std::map<std::uint64_t, int> arrivals, ends;
  for (const auto& r : c.records)
    if (const auto* a = std::get_if<trace::request_arrived>(&r))
      ++arrivals[a->request.value];
    else if (const auto* e = std::get_if<trace::request_ended>(&r))
      ++ends[e->request.value];
  CHECK(arrivals.size() == requests);
  CHECK(arrivals == ends);
  REQUIRE(s.requests.size() == requests);
  for (const auto& [id, r] : s.requests) {
    INFO("request " << id.value);
    CHECK(arrivals[id.value] == 1);
    CHECK(r.ended->outcome == errc::none);
    CHECK(r.ended->device.value == 1);
    CHECK(r.tasks.size() == 1);
    REQUIRE(r.given);
    CHECK(*r.given >= r.arrived->at);
    check_course(s, r, static_cast<std::uint32_t>(layers.size()));
    CHECK(s.segments[r.segments.front()].begin >= *r.given);
    CHECK(s.segments[r.segments.back()].end <= r.ended->at);
    auto now = r.arrived->at;
    for (const auto& p : r.phases) {
      CHECK(p.begin >= now);
      CHECK(p.end > p.begin);
      now = p.end;
    }
    CHECK(now <= r.ended->at);
    const bool moved = std::any_of(r.phases.begin(), r.phases.end(),
                                   [](const auto& p) { return p.what == trace::phase::kind::moving; });
    CHECK(moved == (run.crossings > 0));
  }

  std::map<std::pair<metadata::device_id, metadata::lane_id>, metadata::time_point> lanes;
  for (const auto& x : s.segments) {
    CHECK(x.begin >= lanes[{x.device, x.lane}]);
    lanes[{x.device, x.lane}] = x.end;
  }
  std::size_t outputs = 0;
  std::uint64_t moved_bytes = 0;
  for (const auto& x : s.copies) {
    CHECK(x.failure == errc::none);
    CHECK(x.bytes > 0);
    if (x.storer != metadata::no_device)
      ++outputs;
    else
      moved_bytes += x.bytes;
  }
  // Inputs there, the live set over, outputs home: where it is a way.
  CHECK(s.copies.size() == requests * (run.crossings + (run.ends_at_home ? 1 : 0)));
  CHECK((moved_bytes > 0) == (run.crossings > 0));
  if (run.ends_at_home)
    CHECK(outputs == requests);
  auto plans =
      std::count_if(s.jobs.begin(), s.jobs.end(), [](const auto& x) { return x.what == trace::job_ran::kind::plan; });
  CHECK(plans == (devices == places().together ? 1 : 2));
  for (const auto& g : s.gauges)
    CHECK(g.tasks <= requests);
}

TEST_CASE("every message of a run was sent before it was handled, and one handler runs at a time", "[actors]") {
  auto c = run_two_devices(places().apart, 20, 0us).told;
  auto s = trace::tell(c);
  std::map<trace::party, metadata::time_point> busy;
  std::size_t lost = 0;
  for (const auto& m : s.messages) {
    INFO(to_string(m.what()) << " of task " << m.about().task.value);
    REQUIRE(m.sent);
    if (!m.handled) { // only what the end of the runtime overtook
      ++lost;
      CHECK(m.sent->at + 1s > s.end);
      continue;
    }
    CHECK(m.handled->begin >= m.sent->at);
  }
  CHECK(lost < 5);
  std::vector<trace::message_handled> handled;
  for (const auto& m : s.messages)
    if (m.handled)
      handled.push_back(*m.handled);
  std::sort(handled.begin(), handled.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  for (const auto& h : handled) {
    CHECK(h.begin >= busy[h.to]);
    busy[h.to] = h.end;
  }
}

TEST_CASE("what ends without a result, and whose worker died, is told as well", "[actors]") {
  temporary_file file(".trace");
  auto options = options_for(places().one);
  options.trace = file.path();
  {
    auto r = start(options);
    auto model = tiny_lstm();
    auto id = add(*r, model, {{1, 6}});
    auto inputs = random_inputs(*model, {1, 6});
    auto bad = inputs;
    bad[0] = metadata::tensor(metadata::element_type::int64, {1, 6});
    bad[0].as_mutable<std::int64_t>()[3] = 1'000'000;
    CHECK(run(*r, {.model = id, .inputs = bad, .timeout = {}, .steps = {}}).failure == errc::bad_request);
    r->crash_worker({0});
    CHECK(eventually([&] { return r->counters().engine.restarts == 1; }));
    CHECK(run(*r, {.model = id, .inputs = inputs, .timeout = {}, .steps = {}}).failure == errc::none);
  }
  auto c = trace::read(file.path());
  REQUIRE(c);
  auto s = trace::tell(*c);
  CHECK(s.deaths.size() == 1);
  CHECK(s.requests.at({1}).ended->outcome == errc::bad_request);
  CHECK(s.requests.at({2}).ended->outcome == errc::none);
  CHECK(s.segments.at(s.requests.at({1}).segments.back()).failure == errc::bad_request);
}

TEST_CASE("without a trace there is no file; one that cannot be opened stops the start", "[actors]") {
  temporary_file file(".trace");
  {
    auto r = start(options_for(places().one));
    auto model = tiny_cnn();
    auto id = add(*r, model, {{1}});
    CHECK(run(*r, {.model = id, .inputs = random_inputs(*model, {1}), .timeout = {}, .steps = {}}).failure
          == errc::none);
  }
  CHECK_FALSE(std::filesystem::exists(file.path()));
  auto options = options_for(places().one);
  options.trace = "/nonexistent/run.trace";
  auto r = actors::runtime::start(options);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::io);
  CHECK_THAT(r.error().message, Catch::Matchers::Contains("/nonexistent/run.trace"));
}
