#include <catch2/catch.hpp>

#include <map>

#include "scheduling/workloads/azure.hpp"
#include "scheduling/workloads/trace.hpp"

using namespace baton;
using namespace baton::scheduling::workloads;

namespace {

const std::vector<std::string> models{"AlexNet", "rnn"};
const std::string trace = "time,model,priority,deadline\n"
                          "2000,rnn,3,5000\n"
                          "1000,AlexNet,,\n"
                          "2000,AlexNet,-1,2000\n";
const std::string day = "HashOwner,HashApp,HashFunction,Trigger,1,2,3\n"
                        "o1,a1,f1,http,0,2,1\n"
                        "o1,a1,f2,timer,100,0,0\n"
                        "o2,a2,f3,queue,0,0,1\n";

std::string refused(const std::string& csv) {
  const auto parsed = parse_trace(csv, models);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == errc::bad_argument);
  return parsed.error().message;
}
std::string azure_refused(const std::string& csv, const azure_functions& o = {.classes = {{}}}) {
  const auto parsed = parse_azure(csv, o, 1);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == errc::bad_argument);
  return parsed.error().message;
}

std::vector<arrival> all(workload& w) {
  std::vector<arrival> out;
  while (w.next())
    out.push_back(w.take());
  return out;
}

} // namespace

TEST_CASE("a trace is replayed in the order of its times", "[scheduling]") {
  const auto a = all(*replay(parse_trace(trace, models).value()));
  REQUIRE(a.size() == 3);
  CHECK(a[0] == arrival{.at = time_point{1000}, .model = 0, .query = 1});
  CHECK(a[1] == arrival{.at = time_point{2000}, .model = 1, .priority = 3, .deadline = time_point{5000}, .query = 0});
  CHECK(a[2].priority == -1);
  CHECK(parse_trace("rows,model,time\n4,rnn,0\n", models).value().front().rows == 4);
  CHECK(parse_trace("time,model\n", models).value().empty());
}

TEST_CASE("mistakes in a trace are said with line and column", "[scheduling]") {
  CHECK(refused("") == "line 1: there is no header");
  CHECK(refused("time\n") == "line 1: there is no column 'model'");
  CHECK(refused("time,model,user\n")
        == "line 1, column 3 ('user'): there are no such columns in traces, but time, model, priority, deadline and "
           "rows");
  CHECK(refused("time,model\n1,rnn\n2,VGG\n") == "line 3, column 2 ('model'): there is no model 'VGG'");
  CHECK(refused("time,model\n-1,rnn\n").starts_with("line 2, column 1 ('time'): '-1' is not within 0 and "));
  CHECK(refused("time,model\n,rnn\n") == "line 2, column 1 ('time'): '' is not a whole number");
  CHECK(refused("time,model,priority\n1,rnn,4294967296\n")
        == "line 2, column 3 ('priority'): '4294967296' is not within -2147483648 and 2147483647");
  CHECK(refused("time,model,deadline\n5,rnn,4\n")
        == "line 2, column 3 ('deadline'): it is before the time of the request");
  CHECK(refused("time,model,rows\n5,rnn,0\n") == "line 2, column 3 ('rows'): '0' is not within 1 and 1048576");
}

TEST_CASE("functions of a day of Azure become models in turn", "[scheduling]") {
  const azure_functions o{.classes = {{.model = 0}, {.model = 1, .priority = 2}}};
  auto w = parse_azure(day, o, 1).value();
  CHECK(w->sources() == 3);
  const auto a = all(*w);
  REQUIRE(a.size() == 104);
  std::map<std::pair<std::uint32_t, std::int64_t>, int> counts; // by source and minute
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i].model == (a[i].source == 1 ? 1U : 0U));
    CHECK(a[i].priority == (a[i].source == 1 ? 2 : 0));
    CHECK((i == 0 || a[i - 1].at <= a[i].at));
    ++counts[{a[i].source, a[i].at / std::chrono::minutes(1)}];
  }
  CHECK(counts == decltype(counts){{{0, 1}, 2}, {{1, 0}, 100}, {{0, 2}, 1}, {{2, 2}, 1}});
  CHECK(a == all(*parse_azure(day, o, 1).value()));
  CHECK(a != all(*parse_azure(day, o, 2).value()));
}

TEST_CASE("a part of a day, at another pace, by a map of functions", "[scheduling]") {
  azure_functions o{.classes = {{.model = 0}, {.model = 1}}, .class_of = {{"f1", 1}, {"absent", 0}}};
  const auto whole = all(*parse_azure(day, o, 1).value());
  REQUIRE(whole.size() == 3);
  CHECK(whole[0].model == 1);
  o.first_minute = 3;
  const auto last = all(*parse_azure(day, o, 1).value());
  REQUIRE(last.size() == 1);
  CHECK(last[0].at + std::chrono::minutes(2) == whole[2].at); // the same draw
  o.minute = std::chrono::seconds(1);
  CHECK(all(*parse_azure(day, o, 1).value())[0].at < std::chrono::seconds(1));
}

TEST_CASE("mistakes in a day of Azure are said with line and column", "[scheduling]") {
  CHECK(azure_refused("") == "line 1: there is no header");
  CHECK(azure_refused("HashOwner,1\n") == "line 1: there is no column 'HashFunction'");
  CHECK(azure_refused("HashFunction,Trigger\n") == "line 1: there is no column '1'");
  CHECK(azure_refused("HashFunction,1\nf,x\n") == "line 2, column 2 ('1'): 'x' is not a whole number");
  CHECK(azure_refused("HashFunction,1\nf,-1\n") == "line 2, column 2 ('1'): '-1' is not within 0 and 10000000");
  CHECK(azure_refused("HashFunction,1\nf,9000000\ng,9000000\n")
        == "line 3, column 2 ('1'): more than 10000000 invocations in this minute");
  CHECK(azure_refused("HashFunction,1\nf,0\n") == "line 2: no function is invoked in these minutes");
  CHECK(azure_refused("HashFunction,1\nf\n") == "line 2: 1 columns where the header has 2");
  CHECK(azure_refused(day, {.classes = {{}}, .class_of = {{"f1", 1}}}) == "there is no request class 1");
  CHECK(azure_refused(day, {.classes = {{}}, .first_minute = 0}) == "minutes count from 1, and a day has 1440");
  CHECK(azure_refused(day, {.classes = {{}}, .minute = {}}) == "a minute of the file must last from 1 ns to a day");
  CHECK(azure_refused(day, {}) == "nothing is asked for: there is no request class with a weight above 0");
}

TEST_CASE("traces cut off or spoilt anywhere do no harm", "[scheduling]") {
  const auto harmless = [](const std::string& text, const auto& parse) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      parse(text.substr(0, i));
      for (const char c : {'\0', ',', '\n', '-', '9', '\xff'}) {
        auto spoilt = text;
        spoilt[i] = c;
        parse(spoilt);
      }
    }
  };
  harmless(trace, [](const std::string& text) {
    if (auto parsed = parse_trace(text, models))
      CHECK(all(*replay(*parsed)).size() <= 3);
    else
      CHECK(parsed.error().message.starts_with("line "));
  });
  harmless(day, [](const std::string& text) {
    if (auto parsed = parse_azure(text, {.classes = {{}}}, 1))
      CHECK(all(**parsed).size() < 2'000);
    else
      CHECK(parsed.error().message.starts_with("line "));
  });
}
