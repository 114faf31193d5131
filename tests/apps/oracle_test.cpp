#include "apps/simulate/oracle.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "apps/simulate/values.hpp"
#include "metadata/measured_models.hpp"
#include "scheduling/cluster_file.hpp"
#include "scheduling/workloads/random_numbers.hpp"

/// The bound for all policies, and the values of a sweep.
using namespace baton;
using namespace baton::apps::simulate;

namespace {

using requests = std::vector<relaxed_request>;

relaxed_request ask(std::int64_t release, std::int64_t deadline, double work) {
  return {time_point(release), time_point(deadline), work};
}

/// Whether one preemptive machine can do them all: no span from a release to a deadline has more work than time.
bool feasible(const requests& all) {
  for (const auto& a : all)
    for (const auto& b : all) {
      double work = 0;
      for (const auto& r : all)
        if (r.release >= a.release && r.deadline <= b.deadline)
          work += r.work;
      if (work > 0 && work > static_cast<double>((b.deadline - a.release).count()))
        return false;
    }
  return true;
}

} // namespace

TEST_CASE("the most in time on one machine: whole requests where they fit, parts of the largest where not", "[apps]") {
  CHECK(most_in_time({ask(0, 10, 4), ask(0, 10, 6)}, 0) == Approx(2));
  CHECK(most_in_time({ask(0, 10, 10), ask(0, 10, 10)}, 0) == Approx(1));
  CHECK(most_in_time({ask(0, 10, 4), ask(0, 10, 8)}, 0) == Approx(1.75));
  CHECK(most_in_time({ask(0, 10, 10), ask(20, 30, 10)}, 0) == Approx(2));
  // The short one in the middle interrupts the long one.
  CHECK(most_in_time({ask(0, 12, 10), ask(5, 7, 2)}, 0) == Approx(2));
}

TEST_CASE("no choice of requests beats the bound, and it knows when it is below what is asked for", "[apps]") {
  scheduling::workloads::random_numbers random(5);
  for (int round = 0; round < 300; ++round) {
    requests all;
    for (int i = 0; i < 8; ++i) {
      const auto release = static_cast<std::int64_t>(random.below(40));
      all.push_back(ask(release, release + 5 + static_cast<std::int64_t>(random.below(20)),
                        1 + static_cast<double>(random.below(12))));
    }
    const auto bound = most_in_time(all, 0);
    std::size_t best = 0;
    for (unsigned chosen = 0; chosen < 256; ++chosen) {
      requests some;
      for (unsigned i = 0; i < 8; ++i)
        if ((chosen >> i & 1) != 0)
          some.push_back(all[i]);
      if (some.size() > best && feasible(some))
        best = some.size();
    }
    CHECK(bound >= static_cast<double>(best) - 1e-9);
    CHECK(bound <= 8 + 1e-9);
    for (const auto enough : {6.0, 7.0, 8.0})
      CHECK((most_in_time(all, enough) >= enough - 1e-9) == (bound >= enough - 1e-9));
  }
}

TEST_CASE("a request costs at most its time on any device, at that device's price", "[apps]") {
  scheduling::emulation e;
  e.where = std::make_shared<const scheduling::cluster_description>(*scheduling::parse_cluster(
      R"({"nodes": [{"name": "a", "devices": [{"kind": "RTX 2060"}, {"kind": "GTX 1080 Ti", "count": 3}]}]})"));
  for (const auto& m : metadata::measured_models())
    e.models.push_back(m);
  std::vector<scheduling::workloads::arrival> all;
  for (std::uint32_t i = 0; i < 300; ++i)
    all.push_back({.at = time_point(i), .model = i % 3, .deadline = time_point(i + 1000)});
  const auto relaxed = relax(e, all);
  // No assignment of whole models to kinds serves the mix faster than the bound does.
  double bound = 0;
  for (const auto& r : relaxed)
    bound += r.work;
  for (unsigned chosen = 0; chosen < 8; ++chosen) {
    double slow = 0;
    double fast = 0;
    for (std::size_t m = 0; m < 3; ++m)
      if ((chosen >> m & 1) != 0)
        fast += 100 * static_cast<double>(e.models[m].on("GTX 1080 Ti")->whole(1).count()) / 3;
      else
        slow += 100 * static_cast<double>(e.models[m].on("RTX 2060")->whole(1).count());
    CHECK(std::max(slow, fast) >= bound * (1 - 1e-6));
  }
}

TEST_CASE("values of a sweep", "[apps]") {
  CHECK(*parse_values("--rate", "100,200", 1, 1e3) == std::vector<double>{100, 200});
  CHECK(*parse_values("--rate", "0.1:0.5:0.1,7", 0, 10) == std::vector<double>{0.1, 0.2, 0.3, 0.4, 0.5, 7});
  CHECK(*parse_values("--rate", "1:2.5:1", 0, 10) == std::vector<double>{1, 2});
  for (const auto* bad : {"", ",", "x", "1:2", "2:1:1", "1:2:0", "1:2:-1", "1:2:3:4", "nan", "inf", "1e9"})
    CHECK_FALSE(parse_values("--rate", bad, 0, 1000));
}
