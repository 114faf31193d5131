#include <catch2/catch.hpp>

#include "actors/trace/story.hpp"
#include "tests/actors/seeded_house.hpp"
#include "tests/metadata/temporary_file.hpp"

/// What a trace tells of houses in which workers die and requests move, are preempted and cancelled.
using namespace baton;
using namespace baton::testing;
using scheduling::order;
namespace trace = actors::trace;

namespace {

const std::vector<std::vector<counted_device>> clusters{{{0}, {0}}, {{0}, {1}}, {{1}, {1, "other"}}};

trace::contents run(std::uint64_t seed, std::uint64_t requests, int crashes) {
  temporary_file file(".trace");
  const auto& devices = clusters[seed % clusters.size()];
  {
    seeded_house h({.devices = devices, .seed = seed, .trace = file.path()});
    for (std::uint64_t i = 1; i <= requests; ++i) {
      auto a = plain_request(i);
      a.priority = static_cast<std::int32_t>(i % 3);
      a.steps = {
          {i % 2 == 0 ? order::kind::preempt : order::kind::hand_off, {1, 0}, {static_cast<std::uint32_t>(i % 2)}}};
      h.submit(a, static_cast<std::int64_t>(i));
      for (int k = 0; k < 20; ++k)
        h.step();
      if (crashes-- > 0)
        h.crash(static_cast<std::uint32_t>(seed + i) % 2);
      if (i % 5 == 0)
        h.cancel(i);
    }
    h.run_to_rest();
    REQUIRE(h.broken_at_rest().empty());
    h.shared->tracer->close();
  }
  auto c = trace::read(file.path());
  if (!c)
    FAIL(c.error().message);
  return *c;
}

} // namespace

TEST_CASE("every message sent is received or its receiver died, whatever the order", "[actors]") {
  std::size_t died = 0, messages = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    INFO("seed " << seed);
    auto s = trace::tell(run(seed, 8, static_cast<int>(seed % 4)));
    CHECK(s.dropped == 0);
    messages += s.messages.size();
    for (const auto& m : s.messages) {
      INFO(to_string(m.what()) << " of task " << m.about().task.value << " at " << m.at().count());
      CHECK((m.sent || m.what() == trace::message_kind::new_request || m.what() == trace::message_kind::cancel_wanted
             || m.what() == trace::message_kind::model_added || m.what() == trace::message_kind::crash));
      if (!m.handled) {
        CHECK(trace::died(s, m));
        ++died;
      } else if (m.sent) {
        CHECK(m.sent->at <= m.handled->begin);
      }
    }
    for (std::uint64_t i = 1; i <= 8; ++i)
      CHECK(s.requests[{i}].ended);
  }
  CHECK(messages > 5000);
  CHECK(died > 10);
}

TEST_CASE("without deaths the segments of a task are each part once, in order", "[actors]") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    INFO("seed " << seed);
    auto s = trace::tell(run(seed, 4, 0));
    CHECK(s.deaths.empty());
    for (std::uint64_t i = 1; i <= 4; ++i) {
      metadata::position at;
      for (auto k : s.requests[{i}].segments) {
        CHECK(s.segments[k].first == at);
        at = s.segments[k].last;
      }
      CHECK(at == metadata::position{4, 0});
    }
  }
}
