#include <atomic>
#include <cstring>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "apps/http/infer_codec.hpp"
#include "served.hpp"

using namespace baton;
using namespace baton::apps;
using Catch::Matchers::Contains;
using nlohmann::json;
using verb = boost::beast::http::verb;
using namespace std::chrono_literals;

namespace {

constexpr const char* mlp_infer = "/v2/models/mlp/infer";
constexpr const char* deep_infer = "/v2/models/deep/infer";

unsigned status_of_mlp(http::client& c, const std::string& body) {
  auto r = c.call(verb::post, mlp_infer, body);
  REQUIRE(r);
  if (r->status != 200)
    CHECK_FALSE(json::parse(r->body)["error"].get<std::string>().empty());
  return r->status;
}

std::vector<float> outputs_of(const http::http_reply& r) {
  auto reply = http::decode_answer(r.body);
  REQUIRE(reply);
  auto values = reply->outputs.at(0).value.as<float>();
  return {values.begin(), values.end()};
}

} // namespace

TEST_CASE("Inference answers with the protocol's fields", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  auto r = c.call(verb::post, "/v2/models/mlp/versions/2/infer",
                  R"({"id":"42","inputs":[{"name":"x","shape":[2,3],"datatype":"FP32","data":[[1,2,3],[4,5,6]]}],
                      "outputs":[{"name":"y"}],"parameters":{"priority":7,"timeout":5000000}})");
  REQUIRE(r);
  REQUIRE(r->status == 200);
  auto a = json::parse(r->body);
  CHECK(a["model_name"] == "mlp");
  CHECK(a["model_version"] == "2");
  CHECK(a["id"] == "42");
  CHECK(a["parameters"]["attempts"] == 1);
  CHECK(a["parameters"]["device"].is_number());
  REQUIRE(a["outputs"].size() == 1);
  CHECK(a["outputs"][0]["name"] == "y");
  CHECK(a["outputs"][0]["datatype"] == "FP32");
  CHECK(a["outputs"][0]["shape"] == json::array({2, 2}));
  CHECK(a["outputs"][0]["data"].size() == 4);
}

TEST_CASE("Whole numbers go in as INT64 and look up their rows", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  auto ask = [&](const std::string& data, const std::string& shape) {
    return c.call(verb::post, "/v2/models/embedding/infer",
                  R"({"inputs":[{"name":"tokens","datatype":"INT64","shape":)" + shape + ",\"data\":" + data + "}]}");
  };
  auto both = ask("[3,9]", "[1,2]");
  REQUIRE(both->status == 200);
  auto one = ask("[9]", "[1,1]");
  REQUIRE(one->status == 200);
  auto pair = outputs_of(*both);
  CHECK(std::vector<float>(pair.begin() + 4, pair.end()) == outputs_of(*one));
  auto outside = ask("[10]", "[1,1]");
  CHECK(outside->status == 400);
  CHECK_THAT(outside->body, Contains("look_up"));
  CHECK(ask("[1.5]", "[1,1]")->status == 400);
  CHECK(ask("[3]", "[1]")->status == 400);
}

TEST_CASE("Inputs that do not fit the model are 400", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  CHECK(status_of_mlp(c, testing::mlp_body) == 200);
  CHECK(status_of_mlp(c, "") == 400);
  CHECK(status_of_mlp(c, "{\"inputs\":") == 400);
  CHECK(status_of_mlp(c, R"({"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","data":[1,2,3,4]}]})") == 400);
  CHECK(status_of_mlp(c, R"({"inputs":[{"name":"x","shape":[3],"datatype":"FP32","data":[1,2,3]}]})") == 400);
  CHECK(status_of_mlp(c, R"({"inputs":[{"name":"x","shape":[1,3],"datatype":"INT64","data":[1,2,3]}]})") == 400);
  CHECK(status_of_mlp(c, R"({"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2]}]})") == 400);
  CHECK(status_of_mlp(c, R"({"inputs":[{"name":"x","shape":[0,3],"datatype":"FP32","data":[]}]})") == 400);
  CHECK(status_of_mlp(c, std::string(1000, '[')) == 400);
  CHECK(status_of_mlp(c, testing::mlp_body) == 200);
}

TEST_CASE("An output that JSON cannot carry is an error that says so", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  auto r = c.call(verb::post, mlp_infer,
                  R"({"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[3e38,-3e38,3e38]}]})");
  REQUIRE(r);
  CHECK(r->status == 400);
  CHECK_THAT(r->body, Contains("'y'") && Contains("JSON cannot carry"));
}

TEST_CASE("A request that moves gives the same bits and ends on the other device", "[apps]") {
  for (const auto* devices : {"cpu:2", "cpu:1@a,cpu:1@b"}) {
    testing::served s{{}, devices};
    http::client c{s.address()};
    auto still = c.call(verb::post, deep_infer, testing::deep_body(2, R"({"device":0})"));
    REQUIRE(still->status == 200);
    for (const auto* layer : {"0", "17", "\"layer_38\""}) {
      auto moved = c.call(verb::post, deep_infer,
                          testing::deep_body(2, std::string{R"({"device":0,"move_after":)"} + layer + "}"));
      REQUIRE(moved->status == 200);
      auto answer = http::decode_answer(moved->body);
      CHECK(answer->device == 1U);
      CHECK(answer->moves == 1);
      CHECK(answer->preemptions == 0);
      CHECK(outputs_of(*moved) == outputs_of(*still));
    }
    auto moves = [&] { return json::parse(c.get("/v2/baton/stats").value())["engine"]["moves"].get<int>(); };
    // Counted when the scheduler hears of it, which can be after the client has its answer.
    auto until = std::chrono::steady_clock::now() + 5s;
    while (moves() < 3 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(5ms);
    CHECK(moves() == 3);
  }
}

TEST_CASE("Many clients at once each get their own answer", "[apps]") {
  testing::served s;
  auto body_of = [](int i) {
    auto n = std::to_string(i);
    return R"({"id":")" + n + R"(","inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[)" + n + ",1,-" + n
           + R"(]}],"parameters":{"priority":)" + std::to_string(i % 3) + "}}";
  };
  std::vector<std::vector<float>> alone;
  http::client first{s.address()};
  for (int i = 0; i < 20; ++i)
    alone.push_back(outputs_of(first.call(verb::post, mlp_infer, body_of(i)).value()));
  std::atomic<int> good{0};
  std::vector<std::thread> clients;
  for (int t = 0; t < 8; ++t)
    clients.emplace_back([&, t] {
      http::client c{s.address()};
      for (int k = 0; k < 50; ++k) {
        int i = (k + t) % 20;
        auto r = c.call(verb::post, mlp_infer, body_of(i));
        if (!r || r->status != 200)
          continue;
        auto a = http::decode_answer(r->body);
        auto values = a->outputs.at(0).value.as<float>();
        if (std::equal(values.begin(), values.end(), alone[static_cast<std::size_t>(i)].begin())
            && json::parse(r->body)["id"] == std::to_string(i))
          ++good;
      }
    });
  for (auto& c : clients)
    c.join();
  CHECK(good == 400);
}

TEST_CASE("A deadline that passes is 504", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  auto r = c.call(verb::post, deep_infer, testing::deep_body(1500, R"({"timeout":1000})"));
  REQUIRE(r);
  CHECK(r->status == 504);
}

TEST_CASE("More requests than may be open are 503", "[apps]") {
  testing::served s{{}, "cpu:1", 1};
  std::thread slow{[&] {
    http::client c{s.address()};
    CHECK(c.call(verb::post, deep_infer, testing::deep_body(2000))->status == 200);
  }};
  while (s.runtime().counters().open_requests == 0)
    std::this_thread::sleep_for(1ms);
  http::client c{s.address()};
  CHECK(status_of_mlp(c, testing::mlp_body) == 503);
  slow.join();
  CHECK(status_of_mlp(c, testing::mlp_body) == 200);
}

TEST_CASE("The inference of a client that leaves is cancelled", "[apps]") {
  testing::served s{{}, "cpu:1"};
  auto body = testing::deep_body(3000);
  auto request = "POST /v2/models/deep/infer HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size())
                 + "\r\n\r\n" + body;
  const auto ahead = GENERATE(as<std::string>{}, "", "\r\n", "G");
  for (int i = 0; i < 3; ++i)
    testing::send_raw(s.address(), request + ahead, 50ms);
  // The scheduler may count a cancellation a little after the request has ended.
  auto settled = [&] {
    auto counters = s.runtime().counters();
    return counters.open_requests == 0 && counters.engine.cancelled > 0;
  };
  auto until = std::chrono::steady_clock::now() + 20s;
  while (!settled() && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(5ms);
  CHECK(settled());
  http::client c{s.address()};
  CHECK(status_of_mlp(c, testing::mlp_body) == 200);
}
