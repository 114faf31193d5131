#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "scheduling/device_set.hpp"
#include "scheduling/emulator/event_queue.hpp"
#include "scheduling/short_queue.hpp"

/// What the engine and its hosts keep things in.
using namespace baton::scheduling;

TEST_CASE("events come by time, and at the same time in the order of their places", "[scheduling]") {
  event_queue<int> q;
  std::vector<int> seen;
  const auto early = q.reserve(time_point{7}); // before the others of its time
  q.push(time_point{7}, 2);
  q.push(time_point{3}, 0);
  CHECK(q.next() == time_point{3});
  seen.push_back(q.pop());
  q.push(early, 1); // in the place of what was popped
  seen.push_back(q.pop());
  seen.push_back(q.pop());
  CHECK(q.empty());
  CHECK(seen == std::vector{0, 1, 2});
  std::uint64_t random = 1;
  const auto next = [&] { return random = random * 6364136223846793005U + 1442695040888963407U, random >> 40; };
  std::vector<std::int64_t> times;
  for (int i = 0; i < 1000; ++i) {
    for (auto n = next() % 4; n > 0; --n)
      q.push(time_point{static_cast<std::int64_t>(next() % 50)}, i);
    if (next() % 3 == 0 && !q.empty())
      q.pop();
  }
  for (; !q.empty(); q.pop())
    times.push_back(q.next().count());
  CHECK(times.size() > 500);
  CHECK(std::is_sorted(times.begin(), times.end()));
}

TEST_CASE("what is too large for a heap is found by its number, which is used again", "[scheduling]") {
  numbered<std::string> all;
  const auto a = all.put("a"), b = all.put("b");
  CHECK(all.take(a) == "a");
  CHECK(all.put("c") == a);
  CHECK(all.take(b) == "b");
  CHECK(all.take(a) == "c");
}

TEST_CASE("a short queue keeps its order, however much has left", "[scheduling]") {
  short_queue<int> q;
  int in = 0, out = 0;
  for (int i = 0; i < 100; ++i) {
    while (q.size() < 3)
      q.push_back(in++);
    CHECK(q.front() == out++);
    CHECK(q.back() == in - 1);
    q.pop_front();
    const auto copy = q;
    CHECK(std::vector<int>(copy.begin(), copy.end()) == std::vector<int>{out, out + 1});
  }
  q.pop_back();
  q.pop_front();
  CHECK(q.empty());
}

TEST_CASE("devices of a set are found in order, also beyond the first word", "[scheduling]") {
  device_set s(130);
  CHECK(s.empty());
  for (const auto d : {129U, 0U, 63U, 64U})
    s.keep(device_id{d}, true);
  s.keep(device_id{0}, false);
  CHECK_FALSE(s.contains({0}));
  CHECK(s.contains({129}));
  std::vector<std::uint32_t> seen;
  for (auto d = s.first_from({0}); d; d = s.first_from({d->value + 1}))
    seen.push_back(d->value);
  CHECK(seen == std::vector<std::uint32_t>{63, 64, 129});
  CHECK_FALSE(s.first_from({130}));
  CHECK_FALSE(s.first_from({1000}));
  CHECK(device_set(0).empty());
}
