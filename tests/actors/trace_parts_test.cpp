#include <limits>
#include <thread>

#include <catch2/catch.hpp>

#include "actors/trace/recorder.hpp"
#include "actors/trace/story.hpp"
#include "tests/metadata/temporary_file.hpp"

using namespace baton;
using namespace baton::testing;
using namespace baton::actors::trace;
using namespace std::chrono_literals;

namespace {

heading two_devices() {
  return {.domains = {"host", "b"}, .devices = {{"cpu:0", {0}, 1}, {"cpu:1", {1}, 2}}};
}

record gauge_at(time_point t, std::uint64_t tasks) {
  return gauge{t, gauge::kind::waiting, metadata::no_device, tasks};
}

/// One of everything.
std::vector<record> samples() {
  const subject about{.task = {3}, .epoch = {2}, .command = {9}, .request = {7}, .attempt = {1}, .at = {4, 1}};
  return {message_sent{1us, message_kind::accept, scheduling::the_scheduler, scheduling::worker_of({1}), about},
          message_handled{2us, 3us, message_kind::accept, scheduling::worker_of({1}), about},
          member{1us, {3}, {8}},
          segment_ran{4us, 9us, 4us, {1}, {1}, {3}, {7}, {1}, {4, 1}, {6, 0}, errc::none},
          copy_made{10us, 11us, {1}, {0}, metadata::no_device, 4096, {3}, {7}, metadata::end_position, errc::none},
          job_ran{0us, 1us, job_ran::kind::plan, {0}, {1}, {9}, errc::out_of_memory},
          request_arrived{1us, {7}, {1}, -5, 1},
          request_ended{12us, {7}, errc::none, 1, {1}},
          gauge_at(12us, 0),
          worker_died{13us, {1}},
          entries_dropped{14us, 1000}};
}

/// A file of a recorder that was given `all` by this thread.
contents recorded(const std::filesystem::path& file, const std::vector<record>& all) {
  {
    auto r = recorder::open(file, two_devices(), std::chrono::steady_clock::now());
    REQUIRE(r);
    for (const auto& x : all)
      (*r)->put(x);
  }
  auto c = read(file);
  if (!c)
    FAIL(c.error().message);
  return *c;
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

} // namespace

TEST_CASE("a trace's numbers, texts and times survive as bytes", "[actors]") {
  byte_writer w;
  const std::uint64_t large = UINT64_MAX;
  const std::int64_t low = INT64_MIN, high = INT64_MAX, minus = -1;
  const std::string text("a\0\xFF", 3);
  const std::vector<std::uint32_t> list{0, 127, 128, UINT32_MAX};
  w(large, low, high, minus, text, list);
  w.instant(5s);
  w.instant(4s);
  std::uint64_t large2 = 0;
  std::int64_t low2 = 0, high2 = 0, minus2 = 0;
  std::string text2;
  std::vector<std::uint32_t> list2;
  std::chrono::nanoseconds a{}, b{};
  byte_reader r{w.bytes()};
  CHECK(r(large2, low2, high2, minus2, text2, list2));
  CHECK((r.instant(a) && r.instant(b) && r.at_end()));
  CHECK((large2 == large && low2 == low && high2 == high && minus2 == minus && text2 == text && list2 == list));
  CHECK((a == 5s && b == 4s));
}

TEST_CASE("a number too large for its place is nonsense, and one cut off is an end", "[actors]") {
  std::uint32_t small = 0;
  byte_writer w;
  w(std::uint64_t{1} << 32);
  byte_reader r{w.bytes()};
  CHECK_FALSE(r(small));
  CHECK(r.now() == byte_reader::state::nonsense);
  byte_reader endless{"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"};
  std::uint64_t wide = 0;
  CHECK_FALSE(endless(wide));
  CHECK(endless.now() == byte_reader::state::nonsense);
  byte_reader cut{"\xFF\xFF"};
  CHECK_FALSE(cut(wide));
  CHECK(cut.now() == byte_reader::state::ended);
  CHECK(wide == 0);
}

TEST_CASE("a ring takes what it has room for, in order, and counts the rest", "[actors]") {
  ring<int, 8> r;
  for (int i = 0; i < 11; ++i)
    CHECK(r.push(i) == (i < 8));
  CHECK(r.dropped() == 3);
  std::vector<int> out;
  auto take = [&out](int x) { out.push_back(x); };
  r.drain(take);
  CHECK(out == std::vector{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(r.push(11));
  r.drain(take);
  CHECK(out.back() == 11);
}

TEST_CASE("a ring between two threads loses nothing that it took", "[actors]") {
  ring<std::uint64_t, 64> r;
  constexpr std::uint64_t n = 200'000;
  std::uint64_t taken = 0, last = 0;
  bool rising = true;
  std::thread producer([&r] {
    for (std::uint64_t i = 1; i <= n; ++i)
      r.push(i);
  });
  auto take = [&](std::uint64_t x) {
    rising = rising && x > last;
    last = x;
    ++taken;
  };
  while (taken + r.dropped() < n)
    r.drain(take);
  producer.join();
  r.drain(take);
  CHECK(rising);
  CHECK(taken + r.dropped() == n);
}

TEST_CASE("a trace holds one of everything as it was recorded, names, and its end", "[actors]") {
  temporary_file file(".trace");
  auto c = recorded(file.path(), samples());
  REQUIRE(c.records.size() == samples().size());
  CHECK(c.names.domains == std::vector<std::string>{"host", "b"});
  CHECK(c.names.devices.at(1).name == "cpu:1");
  CHECK(c.names.devices.at(1).lanes == 2);
  REQUIRE(c.end);
  CHECK(c.end->why.empty());
  CHECK(c.lost_bytes == 0);
  const auto& sent = std::get<message_sent>(c.records[0]);
  CHECK(sent.at == 1us);
  CHECK(sent.to == party{scheduling::worker_of({1})});
  CHECK(sent.about.task.value == 3);
  CHECK(sent.about.at == metadata::position{4, 1});
  const auto& segment = std::get<segment_ran>(c.records[3]);
  CHECK(segment.begin == 4us);
  CHECK(segment.end == 9us);
  CHECK(segment.last == metadata::position{6, 0});
  CHECK(std::get<copy_made>(c.records[4]).bytes == 4096);
  CHECK(std::get<job_ran>(c.records[5]).failure == errc::out_of_memory);
  CHECK(std::get<request_arrived>(c.records[6]).priority == -5);
  CHECK(tell(c).dropped == 1000);
}

TEST_CASE("threads record side by side; each one's entries are in its order, and all are there", "[actors]") {
  temporary_file file(".trace");
  constexpr std::uint64_t threads = 4, each = 2000;
  {
    auto r = recorder::open(file.path(), two_devices(), std::chrono::steady_clock::now());
    REQUIRE(r);
    std::vector<std::thread> all;
    for (std::uint64_t t = 0; t < threads; ++t)
      all.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < each; ++i)
          (*r)->put(gauge_at((*r)->now(), t * each + i));
      });
    for (auto& t : all)
      t.join();
  }
  auto c = read(file.path());
  REQUIRE(c);
  REQUIRE(c->records.size() == threads * each);
  std::map<std::uint64_t, std::uint64_t> next;
  for (const auto& r : c->records) {
    const auto& g = std::get<gauge>(r);
    CHECK(g.tasks % each == next[g.tasks / each]++);
  }
}

TEST_CASE("what finds no room in a trace's ring is counted in the file", "[actors]") {
  temporary_file file(".trace");
  constexpr std::uint64_t n = 20 * actors::defaults::trace_ring;
  std::vector<record> all(n, gauge_at(1us, 1));
  auto c = recorded(file.path(), all);
  auto s = tell(c);
  CHECK(s.dropped > 0);
  CHECK(s.gauges.size() + s.dropped == n);
}

TEST_CASE("a trace that reaches its limit ends in a marker, within the limit", "[actors]") {
  temporary_file file(".trace");
  {
    auto r = recorder::open(file.path(), two_devices(), std::chrono::steady_clock::now(), 3000);
    REQUIRE(r);
    for (int i = 0; i < 50; ++i) {
      for (int k = 0; k < 20; ++k)
        (*r)->put(gauge_at((*r)->now(), 1));
      std::this_thread::sleep_for(1ms);
    }
  }
  CHECK(std::filesystem::file_size(file.path()) < 3100);
  auto c = read(file.path());
  REQUIRE(c);
  REQUIRE(c->end);
  CHECK_THAT(c->end->why, Catch::Matchers::Contains("limit of 3000 bytes"));
  CHECK(c->records.size() > 20);
}

TEST_CASE("a trace that cannot be written is an error that names the file", "[actors]") {
  for (const auto* name : {"/nonexistent/dir/run.trace", "/dev/full"}) {
    auto r = recorder::open(name, two_devices(), std::chrono::steady_clock::now());
    REQUIRE_FALSE(r);
    CHECK(r.error().code == errc::io);
    CHECK_THAT(r.error().message, Catch::Matchers::Contains(name));
  }
}

TEST_CASE("a trace cut off anywhere is read as far as it goes", "[actors]") {
  temporary_file file(".trace");
  auto whole = recorded(file.path(), samples());
  auto bytes = bytes_of(file.path());
  std::size_t before = 0, headless = 0;
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    auto c = decode(std::string_view(bytes).substr(0, length));
    if (!c) {
      CHECK(c.error().code == errc::bad_argument);
      CHECK(headless == length); // only while the heading is not there
      headless = length + 1;
      continue;
    }
    CHECK_FALSE(c->end);
    CHECK(c->records.size() >= before);
    CHECK(c->records.size() <= before + 1);
    CHECK((c->lost_bytes > 0 || c->records.size() == before + 1 || length == headless));
    before = c->records.size();
    CHECK(tell(*c).end <= 14us);
  }
  CHECK(before == whole.records.size());
  CHECK(headless > magic.size());
}

TEST_CASE("a trace with a byte that makes no sense is an error that names the byte, or another trace", "[actors]") {
  temporary_file file(".trace");
  recorded(file.path(), samples());
  const auto bytes = bytes_of(file.path());
  std::size_t errors = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (int flip : {0x01, 0x80, 0xFF}) {
      auto spoilt = bytes;
      spoilt[i] = static_cast<char>(spoilt[i] ^ flip);
      CAPTURE(i, flip);
      auto c = decode(spoilt);
      if (c) {
        tell(*c); // whatever it holds
        continue;
      }
      ++errors;
      CHECK_THAT(c.error().message, Catch::Matchers::StartsWith("byte "));
    }
  CHECK(errors > bytes.size() / 4);
  CHECK_THAT(decode("something else").error().message, Catch::Matchers::Equals("byte 0: not a trace"));
  CHECK_FALSE(decode(bytes + "more"));
  file.write("nonsense");
  auto r = read(file.path());
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::io);
  CHECK_THAT(r.error().message, Catch::Matchers::Contains(file.path().string()));
  CHECK_THAT(r.error().message, Catch::Matchers::Contains("byte 0"));
}

TEST_CASE("messages that look alike are put to their handling in order; the dead handle none", "[actors]") {
  contents c;
  c.names = two_devices();
  const party worker = scheduling::worker_of({0});
  auto sent = [&](time_point t) { c.records.push_back(message_sent{t, message_kind::run_next, worker, worker, {}}); };
  auto handled = [&](time_point t) {
    c.records.push_back(message_handled{t, t + 1us, message_kind::run_next, worker, {}});
  };
  sent(1us);
  handled(2us);
  sent(3us); // its receiver dies
  c.records.push_back(worker_died{4us, {0}});
  sent(5us);
  handled(6us);
  handled(8us); // its sending was dropped
  auto s = tell(c);
  REQUIRE(s.messages.size() == 4);
  CHECK(s.messages[0].handled->begin == 2us);
  CHECK_FALSE(s.messages[1].handled);
  CHECK(died(s, s.messages[1]));
  CHECK(s.messages[2].handled->begin == 6us);
  CHECK_FALSE(s.messages[3].sent);
}

TEST_CASE("segments that a lane had in flight together are laid out one behind the other", "[actors]") {
  contents c;
  c.names = two_devices();
  auto ran = [&](time_point issued, time_point seen, duration elapsed) {
    segment_ran x;
    x.begin = issued;
    x.end = seen;
    x.elapsed = elapsed;
    x.device = {1};
    x.task = {1};
    c.records.emplace_back(x);
  };
  ran(0us, 12us, 10us);
  ran(1us, 30us, 15us);
  ran(2us, 30us, 20us); // longer than there was time
  auto s = tell(c);
  REQUIRE(s.segments.size() == 3);
  CHECK(s.segments[0].begin == 0us);
  CHECK(s.segments[0].end == 10us);
  CHECK(s.segments[1].begin == 10us);
  CHECK(s.segments[1].end == 25us);
  CHECK(s.segments[2].begin == 25us);
  CHECK(s.segments[2].end == 30us);
}

TEST_CASE("a request's time is cut into waiting, computing and moving", "[actors]") {
  contents c;
  c.names = two_devices();
  const party to_b = scheduling::transfer_of({1});
  subject about{.task = {1}, .request = {5}};
  auto ran = [&](time_point begin, time_point end, std::uint32_t device) {
    c.records.push_back(segment_ran{begin, end, end - begin, {device}, {}, {1}, {5}, {1}, {}, {1, 0}, errc::none});
  };
  c.records.push_back(request_arrived{0us, {5}, {1}, 0, 1});
  c.records.push_back(
      message_sent{100us, message_kind::accept, scheduling::the_scheduler, scheduling::worker_of({0}), about});
  ran(200us, 300us, 0);
  ran(310us, 400us, 0);
  ran(402us, 420us, 0); // drains once its task has been ordered away
  c.records.push_back(message_sent{405us, message_kind::bring, scheduling::worker_of({0}), to_b, about});
  c.records.push_back(message_sent{406us, message_kind::accepted, to_b, scheduling::worker_of({0}), about});
  c.records.push_back(message_sent{500us, message_kind::accept, to_b, scheduling::worker_of({1}), about});
  ran(600us, 700us, 1);
  c.records.push_back(request_ended{720us, {5}, errc::none, 1, {1}});
  auto s = tell(c);
  const auto& r = s.requests.at({5});
  CHECK(r.given == 100us);
  CHECK(r.tasks == std::set<task_id>{{1}});
  CHECK(r.segments.size() == 4);
  std::vector<std::tuple<phase::kind, time_point, time_point>> found;
  for (const auto& p : r.phases)
    found.emplace_back(p.what, p.begin, p.end);
  using enum phase::kind;
  CHECK(found
        == std::vector<std::tuple<phase::kind, time_point, time_point>>{{queued, 0us, 200us},
                                                                        {computing, 200us, 420us},
                                                                        {moving, 420us, 500us},
                                                                        {queued, 500us, 600us},
                                                                        {computing, 600us, 700us}});
}
