#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

#include "scheduling/workloads/closed_loop.hpp"
#include "scheduling/workloads/loadgen.hpp"
#include "scheduling/workloads/open_loop.hpp"
#include "scheduling/workloads/trace.hpp"

using namespace baton;
using namespace baton::scheduling::workloads;

namespace {

constexpr duration us{1'000};
constexpr duration ms{1'000'000};
constexpr duration s{1'000'000'000};

/// Takes all requests, at most a million; none is answered.
std::vector<arrival> all(workload& w) {
  std::vector<arrival> out;
  while (const auto at = w.next()) {
    out.push_back(w.take());
    REQUIRE(out.back().at == *at);
    REQUIRE((out.size() < 2 || out[out.size() - 2].at <= *at));
    REQUIRE(out.size() <= 1'000'000);
  }
  return out;
}

/// As an emulator with as many servers as there are requests would: each ends `takes` after it came.
std::vector<arrival> answered(workload& w, duration takes) {
  std::vector<arrival> out;
  std::vector<std::pair<time_point, arrival>> open;
  for (;;) {
    const auto soonest = std::min_element(open.begin(), open.end(), [](auto& a, auto& b) { return a.first < b.first; });
    const auto at = w.next();
    if (at && (open.empty() || *at <= soonest->first)) {
      out.push_back(w.take());
      open.emplace_back(out.back().at + takes, out.back());
    } else if (!open.empty()) {
      const auto [now, a] = *soonest;
      open.erase(soonest);
      w.ended(a, now);
    } else {
      return out;
    }
    REQUIRE(out.size() <= 100'000);
  }
}

std::vector<time_point> times(const std::vector<arrival>& arrivals) {
  std::vector<time_point> out;
  for (const auto& a : arrivals)
    out.push_back(a.at);
  return out;
}

open_loop poisson(std::uint64_t requests) {
  return {.intervals = {.mean = ms}, .mix = {{}}, .span = {.requests = requests}};
}

} // namespace

TEST_CASE("the same seed gives the same stream, another one another", "[scheduling]") {
  const auto first = all(**make(poisson(1000), 1));
  CHECK(first == all(**make(poisson(1000), 1)));
  CHECK(first != all(**make(poisson(1000), 2)));
  // Golden: the same on every machine and at every optimization.
  CHECK(times({first.begin(), first.begin() + 4})
        == std::vector<time_point>{time_point{473'205}, time_point{2'912'667}, time_point{2'936'367},
                                   time_point{3'032'517}});
}

TEST_CASE("an open loop keeps to its span", "[scheduling]") {
  auto o = poisson(UINT64_MAX);
  o.span = {.start = s, .until = 2 * s};
  const auto a = all(**make(o, 3));
  CHECK(a.front().at >= s);
  CHECK(a.back().at < 2 * s);
  CHECK(static_cast<double>(a.size()) == Approx(1000).margin(5 * std::sqrt(1000)));
}

TEST_CASE("models are asked for by their weights, at times that do not depend on them", "[scheduling]") {
  auto o = poisson(20'000);
  o.mix = {{.model = 0, .weight = 3}, {.model = 5, .weight = 1, .rows = 2, .priority = -7, .slo = 10 * ms}};
  const auto mixed = all(**make(o, 4));
  const auto rare =
      static_cast<double>(std::count_if(mixed.begin(), mixed.end(), [](auto& a) { return a.model == 5; }));
  CHECK(rare == Approx(5000).margin(5 * std::sqrt(20'000 * 0.25 * 0.75)));
  for (const auto& a : mixed)
    if (a.model == 5) {
      CHECK(a.deadline == a.at + 10 * ms);
      CHECK(a.rows == 2);
      CHECK(a.priority == -7);
    } else {
      CHECK(a.deadline == baton::metadata::never);
    }
  CHECK(times(mixed) == times(all(**make(poisson(20'000), 4))));
}

TEST_CASE("streams of several models do not depend on each other", "[scheduling]") {
  const auto stream = [](std::uint64_t i, duration mean) {
    open_loop o{.intervals = {.mean = mean}, .mix = {{.model = static_cast<std::uint32_t>(i)}}, .span = {.until = s}};
    return *make(o, seed_of(9, i));
  };
  const auto of_model_1 = [](std::vector<arrival> a) {
    a.erase(std::remove_if(a.begin(), a.end(), [](auto& x) { return x.model != 1; }), a.end());
    return times(a);
  };
  std::vector<workload_ptr> two;
  two.push_back(stream(0, ms));
  two.push_back(stream(1, 3 * ms));
  std::vector<workload_ptr> three;
  for (const std::uint64_t i : {0U, 1U, 2U})
    three.push_back(stream(i, i == 1 ? 3 * ms : ms / 2));
  const auto a = all(*merge(std::move(two)));
  const auto b = all(*merge(std::move(three)));
  CHECK(of_model_1(a) == of_model_1(b));
  CHECK(of_model_1(a) == times(all(*stream(1, 3 * ms))));
  CHECK(std::all_of(b.begin(), b.end(), [](auto& x) { return x.source == x.model; }));
}

TEST_CASE("in turns of asking and silence requests come only while it asks", "[scheduling]") {
  using shape = interval_law::shape;
  auto o = poisson(UINT64_MAX);
  o.phases = on_off{.on = {.kind = shape::fixed, .mean = 10 * ms}, .off = {.kind = shape::fixed, .mean = 30 * ms}};
  o.span = {.start = s, .until = 41 * s};
  const auto a = all(**make(o, 5));
  for (const auto& x : a)
    CHECK((x.at - s) % (40 * ms) < 10 * ms);
  CHECK(static_cast<double>(a.size()) == Approx(10'000).margin(5 * std::sqrt(10'000)));

  o.phases->on.kind = o.phases->off.kind = shape::exponential;
  o.span.until = 401 * s;
  // 10,000 turns: the number of requests varies by the lengths of both phases too, some 2% in all
  CHECK(static_cast<double>(all(**make(o, 5)).size()) == Approx(100'000).epsilon(0.1));
}

TEST_CASE("closed loops wait for the end, think, and ask again", "[scheduling]") {
  closed_loop o{.clients = 2, .mix = {{}}, .span = {.requests = 6}};
  o.think.mean = 2 * ms;
  const auto a = answered(**make(o, 1), 3 * ms);
  CHECK(times(a) == std::vector<time_point>{{}, {}, 5 * ms, 5 * ms, 10 * ms, 10 * ms});
  CHECK(a[0].source == 0);
  CHECK(a[1].source == 1);
  CHECK(a[4].query == 2);
  CHECK(all(**make(o, 1)).size() == 2); // nobody answers

  o.think_first = true;
  o.span = {.start = ms, .until = 9 * ms};
  CHECK(times(answered(**make(o, 1), 3 * ms)) == std::vector<time_point>{3 * ms, 3 * ms, 8 * ms, 8 * ms});
}

TEST_CASE("what one client of a closed loop draws does not depend on the others", "[scheduling]") {
  closed_loop o{.clients = 3, .think = {.mean = ms}, .mix = {{.model = 0}, {.model = 1}}, .span = {.until = s}};
  const auto of_client_1 = [&](std::uint32_t clients) {
    o.clients = clients;
    auto a = answered(**make(o, 8), us);
    a.erase(std::remove_if(a.begin(), a.end(), [](auto& x) { return x.source != 1; }), a.end());
    return a;
  };
  CHECK(of_client_1(3).size() > 500);
  CHECK(of_client_1(3) == of_client_1(20));
}

TEST_CASE("merged workloads pass ends on to whom they belong", "[scheduling]") {
  std::vector<workload_ptr> parts;
  parts.push_back(*make(poisson(50), 1));
  parts.push_back(*make(closed_loop{.clients = 3, .mix = {{.model = 7}}, .span = {.requests = 30}}, 1));
  parts.push_back(*make(closed_loop{.clients = 1, .mix = {{.model = 8}}, .span = {.requests = 5}}, 1));
  auto w = merge(std::move(parts));
  CHECK(w->sources() == 5);
  const auto a = answered(*w, ms);
  CHECK(a.size() == 85);
  for (const auto& x : a)
    CHECK(x.model == (x.source == 0 ? 0 : x.source < 4 ? 7 : 8));
  CHECK(all(*merge({})).empty());
}

TEST_CASE("LoadGen's single stream asks when the last query has ended", "[scheduling]") {
  loadgen o{.queries = 4, .time = 10 * ms};
  CHECK(times(answered(**make(o, 1), 5 * ms)) == std::vector<time_point>{{}, 5 * ms, 10 * ms, 15 * ms});
  CHECK(answered(**make(o, 1), ms).size() == 10); // as long as the time says
}

TEST_CASE("LoadGen's multi stream asks for several samples at once", "[scheduling]") {
  loadgen o{.scenario = loadgen_scenario::multi_stream, .queries = 3, .time = {}, .samples_per_query = 2};
  auto w = *make(o, 1);
  const auto first = w->take();
  const auto second = w->take();
  CHECK(first == second);
  CHECK_FALSE(w->next());
  w->ended(second, ms);
  CHECK_FALSE(w->next());
  w->ended(first, 2 * ms);
  CHECK(w->next() == 2 * ms);
  CHECK(w->take().query == 1);
  CHECK(answered(**make(o, 1), ms).size() == 6);
}

TEST_CASE("LoadGen's server is a Poisson process, its offline scenario one query", "[scheduling]") {
  loadgen o{.scenario = loadgen_scenario::server, .queries = 10'000, .time = s, .interval = ms};
  const auto a = all(**make(o, 1));
  CHECK(a.size() == 10'000);
  CHECK(static_cast<double>(a.back().at.count()) == Approx(1e10).epsilon(0.05)); // five standard errors
  o.time = 20 * s;
  CHECK(all(**make(o, 1)).back().at < 20 * s);
  CHECK(static_cast<double>(all(**make(o, 1)).size()) == Approx(20'000).epsilon(0.05));

  const auto offline = answered(**make(loadgen{.scenario = loadgen_scenario::offline, .samples_per_query = 100}, 1), s);
  CHECK(times(offline) == std::vector<time_point>(100));
}

TEST_CASE("workloads that make no sense are refused", "[scheduling]") {
  const auto message = [](const auto& made) {
    REQUIRE_FALSE(made);
    CHECK(made.error().code == errc::bad_argument);
    return made.error().message;
  };
  const auto changed = [&](auto o, auto change) {
    change(o);
    return message(make(o, 1));
  };
  const auto open = [&](auto change) { return changed(poisson(1), change); };
  CHECK(open([](auto& o) { o.mix.clear(); })
        == "nothing is asked for: there is no request class with a weight above 0");
  CHECK(open([](auto& o) { o.mix[0].weight = 0; })
        == "nothing is asked for: there is no request class with a weight above 0");
  CHECK(open([](auto& o) { o.mix.push_back({.weight = INT64_MAX}); })
        == "request class 1: the sum of the weights is too large");
  CHECK(open([](auto& o) { o.mix[0].rows = 0; }) == "request class 0: it has no rows");
  CHECK(open([](auto& o) { o.mix[0].slo = -ms; }) == "request class 0: its deadline is before its arrival");
  CHECK(open([](auto& o) { o.intervals.mean = {}; }) == "the mean interval of an open loop must be above 0");
  CHECK(open([](auto& o) { o.span = {}; }) == "an open loop needs an end: a time or a number of requests");
  CHECK(open([](auto& o) { o.phases = on_off{}; })
        == "the mean time of asking must be above 0, and not so short beside the interval");
  CHECK(open([](auto& o) { o.phases = on_off{.on = {.mean = -ms}, .off = {}}; })
        == "the mean interval must be from 0 to a year");
  const closed_loop fine{.mix = {{}}, .span = {.requests = 1}};
  CHECK(changed(fine, [](auto& o) { o.clients = 0; }) == "a closed loop has from 1 to 1000000 clients");
  CHECK(changed(fine, [](auto& o) { o.span = {}; }) == "a closed loop needs an end: a time or a number of requests");
  CHECK(changed(loadgen{}, [](auto& o) { o.queries = 0; })
        == "LoadGen needs at least one query, of 1 to 10000000 samples");
  CHECK(changed(loadgen{}, [](auto& o) { o.time = -ms; }) == "LoadGen's time must be from 0 to a year");
  CHECK(changed(loadgen{}, [](auto& o) { o.scenario = loadgen_scenario::server; })
        == "LoadGen's server needs a mean interval above 0, a year at most");
}

TEST_CASE("deadlines and times at the end of time do not overflow", "[scheduling]") {
  CHECK(request_class{.slo = baton::metadata::never - ms}.ask(s).deadline == baton::metadata::never);
  auto o = poisson(2);
  o.intervals = {.kind = interval_law::shape::fixed, .mean = std::chrono::hours(365 * 24)};
  o.span = {.start = baton::metadata::never - s, .requests = 2};
  CHECK(all(**make(o, 1)).empty());
}
