#include <atomic>
#include <chrono>
#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "served.hpp"

using namespace baton;
using namespace baton::apps;
using Catch::Matchers::Contains;
using nlohmann::json;
using verb = boost::beast::http::verb;
using namespace std::chrono_literals;

TEST_CASE("Health, metadata and index are those of the protocol", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  CHECK(c.get("/v2/health/live"));
  CHECK(c.get("/v2/health/ready"));
  auto server = json::parse(c.get("/v2").value());
  CHECK(server["name"] == "baton");
  CHECK(server["extensions"].is_array());

  auto m = json::parse(c.get("/v2/models/mlp").value());
  CHECK(m["name"] == "mlp");
  CHECK(m["versions"] == json::array({"2"}));
  CHECK(m["inputs"] == json::parse(R"([{"name":"x","datatype":"FP32","shape":[-1,3]}])"));
  CHECK(m["outputs"] == json::parse(R"([{"name":"y","datatype":"FP32","shape":[-1,2]}])"));
  CHECK(c.get("/v2/models/mlp/versions/2").value() == c.get("/v2/models/mlp").value());
  CHECK(c.get("/v2/models/mlp/ready"));
  CHECK(json::parse(c.get("/v2/models/embedding").value())["inputs"][0]["datatype"] == "INT64");
  CHECK(json::parse(c.get("/v2/baton/models/mlp").value())["layers"].size() == 2);

  for (auto method : {verb::get, verb::post}) {
    auto r = c.call(method, "/v2/repository/index");
    REQUIRE(r);
    CHECK(r->status == 200);
    auto index = json::parse(r->body);
    REQUIRE(index.size() == 5);
    CHECK(index[0]["name"] == "broken");
    CHECK(index[0]["state"] == "UNAVAILABLE");
    CHECK_FALSE(index[0]["reason"].get<std::string>().empty());
    CHECK(index[4]["name"] == "mlp");
    CHECK(index[4]["state"] == "READY");
  }
}

TEST_CASE("A broken model is not ready, says why, and harms no other", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  CHECK(c.call(verb::get, "/v2/models/broken/ready")->status == 400);
  auto r = c.call(verb::get, "/v2/models/broken");
  CHECK(r->status == 503);
  CHECK_THAT(r->body, Contains("error") && Contains("broken"));
  CHECK(c.call(verb::post, "/v2/models/broken/infer", testing::mlp_body)->status == 503);
  CHECK(c.call(verb::post, "/v2/models/mlp/infer", testing::mlp_body)->status == 200);
}

TEST_CASE("What is not there is 404, what is not done is 405", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  CHECK(c.call(verb::get, "/")->status == 404);
  CHECK(c.call(verb::get, "/v2/models/nobody")->status == 404);
  CHECK(c.call(verb::get, "/v2/models/mlp/versions/1")->status == 404);
  CHECK(c.call(verb::post, "/v2/models/nobody/infer", testing::mlp_body)->status == 404);
  auto r = c.call(verb::get, "/v2/models/mlp/infer");
  CHECK(r->status == 405);
  CHECK_FALSE(json::parse(r->body)["error"].get<std::string>().empty());
  CHECK(c.call(verb::delete_, "/v2/models/mlp")->status == 405);
  auto head = testing::send_raw(s.address(), "HEAD /v2 HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK_THAT(head, Contains("200 OK"));
}

TEST_CASE("Counters tell what has been served", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  for (int i = 0; i < 3; ++i)
    REQUIRE(c.call(verb::post, "/v2/models/mlp/infer", testing::mlp_body)->status == 200);
  auto m = json::parse(c.get("/v2/models/mlp/stats").value())["model_stats"][0];
  CHECK(m["execution_count"] == 3);
  CHECK(m["inference_count"] == 3);
  CHECK(m["inference_stats"]["success"]["count"] == 3);
  // The scheduler may hear of an end a little after the client.
  json all;
  auto late = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  do
    all = json::parse(c.get("/v2/baton/stats").value());
  while (all["engine"]["finished"] != 3 && std::chrono::steady_clock::now() < late);
  CHECK(all["engine"]["finished"] == 3);
  CHECK(all["devices"].size() == 2);
  CHECK(all["memory"][0]["weights"].get<std::size_t>() > 0);
}

TEST_CASE("Draining answers what is open, refuses what is new, and ends", "[apps]") {
  testing::served s;
  http::client early{s.address()};
  REQUIRE(early.get("/v2/health/live"));
  std::thread slow{[&] {
    http::client c{s.address()};
    auto r = c.call(verb::post, "/v2/models/deep/infer", testing::deep_body(1500));
    REQUIRE(r);
    CHECK(r->status == 200);
  }};
  while (s.runtime().counters().open_requests == 0)
    std::this_thread::sleep_for(1ms);
  CHECK(s.stop() == http::ending::drained);
  slow.join();
  CHECK_FALSE(early.get("/v2/health/live"));
}

TEST_CASE("A client within a request does not hold up the end for long", "[apps]") {
  http::server_options o;
  o.patience = 20s; // it may take that long while the server goes on
  o.drain_timeout = 10s;
  testing::served s{o};
  std::thread slow{[&] { testing::send_raw(s.address(), "GET /v2 HT", 20s); }};
  std::this_thread::sleep_for(200ms);
  CHECK(s.stop() == http::ending::drained);
  slow.join();
}

TEST_CASE("A drain that takes too long is given up", "[apps]") {
  http::server_options o;
  o.drain_timeout = 1ms;
  testing::served s{o};
  std::thread slow{[&] {
    http::client c{s.address()};
    c.call(verb::post, "/v2/models/deep/infer", testing::deep_body(3000), 10s); // in vain
  }};
  while (s.runtime().counters().open_requests == 0)
    std::this_thread::sleep_for(1ms);
  CHECK(s.stop() == http::ending::gave_up);
  slow.join();
}

TEST_CASE("A port that is taken, or an address that is none, is an error that says so", "[apps]") {
  testing::served s;
  http::server_options o;
  o.port = s.address().endpoint.port();
  auto second = http::server::open(o, s.runtime(), s.models());
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::io);
  CHECK_THAT(second.error().message, Contains(std::to_string(o.port)));
  o.address = "nowhere";
  CHECK(http::server::open(o, s.runtime(), s.models()).error().code == errc::bad_argument);
}

TEST_CASE("A server that is told that the runtime can serve no more ends at once, as unhealthy", "[apps]") {
  testing::served s;
  http::client idle{s.address()};
  REQUIRE(idle.get("/v2/health/live"));
  s.door().give_up();
  CHECK(s.wait() == http::ending::unhealthy);
}

TEST_CASE("A runtime that has no device left for a while ends its server", "[apps]") {
  http::server_options o;
  o.unhealthy_limit = std::chrono::milliseconds{200};
  testing::served s{o, "cpu:1"};
  std::atomic<bool> ended{false};
  std::thread killer([&] { // until it is not started again any more
    while (!ended) {
      s.runtime().crash_worker({0});
      std::this_thread::sleep_for(2ms);
    }
  });
  CHECK(s.wait() == http::ending::unhealthy);
  ended = true;
  killer.join();
}
