#include <algorithm>
#include <cstring>
#include <limits>
#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "apps/defaults.hpp"
#include "apps/http/classification.hpp"
#include "raw_http.hpp"

using namespace baton;
using namespace baton::apps;
using namespace baton::testing;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using nlohmann::json;
using namespace std::chrono_literals;

TEST_CASE("HEAD is GET without a body, and OPTIONS names the methods", "[apps]") {
  testing::served s;
  auto get = send_raw(s.address(), "GET /v2/models/mlp HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  auto head = send_raw(s.address(), "HEAD /v2/models/mlp HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(head == get.substr(0, get.find("\r\n\r\n") + 4));
  CHECK(std::stoul(field_of(head, "Content-Length")) == body_of(get).size());
  // A kept connection is not disturbed.
  auto two = send_raw(s.address(), "HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
                                   "OPTIONS /v2/models/mlp/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(two, StartsWith("HTTP/1.1 404") && Contains("HTTP/1.1 204") && Contains("Allow: POST"));
}

TEST_CASE("Ids come back: the body's in the body, the header's in the header", "[apps]") {
  testing::served s;
  auto body = mlp_body;
  body.insert(1, R"("id":"i-1",)");
  for (const auto* name : {"triton-request-id", "X-Request-Id"}) {
    auto got = send_raw(s.address(), post(mlp_infer, body, std::string{name} + ": h-2\r\n"));
    CHECK(json::parse(body_of(got))["id"] == "i-1");
    CHECK(field_of(got, "Triton-Request-Id") == "h-2");
  }
  auto got = send_raw(s.address(), post(mlp_infer, "{}", "X-Request-Id: h-3\r\n"));
  CHECK_THAT(got, StartsWith("HTTP/1.1 400"));
  CHECK(field_of(got, "Triton-Request-Id") == "h-3");
}

TEST_CASE("Classification gives the best of each row, largest first", "[apps]") {
  metadata::tensor t{metadata::element_type::float32, {2, 3}};
  const float values[]{1, 3, 3, -1, std::numeric_limits<float>::quiet_NaN(), -0.5F};
  std::memcpy(t.mutable_data(), values, sizeof values);
  const std::vector<std::string> labels{"cat", "dog"};
  auto best = http::classify(t, "y", 2, true, labels);
  REQUIRE(best);
  CHECK(best->shape == std::vector<std::int64_t>{2, 2});
  CHECK(best->texts == std::vector<std::string>{"3.000000:1:dog", "3.000000:2", "-0.500000:2", "-1.000000:0:cat"});
  CHECK(http::classify(t, "y", 99, false, {})->texts.size() == 6);
  auto most = static_cast<std::int64_t>(defaults::classified);
  metadata::tensor wide{metadata::element_type::float32, {2, most}};
  CHECK(http::classify(wide, "y", 10, true, {}));
  auto refused = http::classify(wide, "y", static_cast<std::size_t>(most), true, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::bad_request);
  CHECK_THAT(refused.error().message, Contains("'y'") && Contains("100000"));

  testing::served s;
  auto body = mlp_body;
  body.insert(1, R"("outputs":[{"name":"y","parameters":{"classification":1}}],)");
  auto y = json::parse(body_of(send_raw(s.address(), post(mlp_infer, body))))["outputs"][0];
  CHECK(y["datatype"] == "BYTES");
  CHECK(y["shape"] == json::array({1, 1}));
  CHECK_THAT(y["data"][0].get<std::string>(), Contains(":"));
}

TEST_CASE("Chunked bodies are put together", "[apps]") {
  testing::served s;
  std::string chunks;
  for (char c : mlp_body)
    chunks += std::string{"1;x=y\r\n"} + c + "\r\n";
  auto got = send_raw(s.address(), std::string{"POST "} + mlp_infer
                                       + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                         "Transfer-Encoding: chunked\r\n\r\n"
                                       + chunks + "0\r\n\r\n");
  CHECK_THAT(got, StartsWith("HTTP/1.1 200"));
}

TEST_CASE("A long row of requests sent ahead is answered in order, all of it", "[apps]") {
  testing::served s;
  std::string ahead;
  for (int i = 0; i < 500; ++i) {
    auto body = mlp_body;
    body.insert(1, R"("id":")" + std::to_string(i) + R"(",)");
    ahead += std::string{"POST "} + mlp_infer + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size())
             + "\r\n\r\n" + body;
  }
  auto got = send_raw(s.address(), ahead + "GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 20s);
  std::size_t at = 0;
  for (int i = 0; i < 500; ++i) {
    at = got.find(R"("id":")" + std::to_string(i) + '"', at);
    REQUIRE(at != got.npos);
  }
}

TEST_CASE("A timeout that passes ends the request long before its work would be done", "[apps]") {
  testing::served s{{}, "cpu:1"};
  http::client c{s.address()};
  using verb = boost::beast::http::verb;
  auto took = [&](const std::string& parameters, unsigned status) {
    auto begun = std::chrono::steady_clock::now();
    auto r = c.call(verb::post, "/v2/models/deep/infer", deep_body(1000, parameters));
    REQUIRE(r);
    CHECK(r->status == status);
    return std::chrono::steady_clock::now() - begun;
  };
  took("{}", 200); // builds the plan
  auto busy = [&] {
    auto stats = json::parse(c.get("/v2/models/deep/stats").value())["model_stats"][0]["inference_stats"];
    return std::chrono::nanoseconds{stats["compute_infer"]["ns"].get<std::int64_t>()};
  };
  auto whole = busy();
  auto decoding = took("{}", 200) - (busy() - whole);
  // The shortest of some, since the machine may be busy with something else.
  auto shortest = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 5; ++i)
    shortest = std::min(shortest, took(R"({"timeout":1000})", 504));
  CHECK(shortest < decoding + whole / 2 + 100ms);
  CHECK(s.runtime().counters().open_requests == 0);
}

TEST_CASE("Too many waiting requests are told when to come again", "[apps]") {
  testing::served s{{}, "cpu:1", 1};
  std::thread slow{[&] {
    http::client c{s.address()};
    c.call(boost::beast::http::verb::post, "/v2/models/deep/infer", deep_body(2000));
  }};
  while (s.runtime().counters().open_requests == 0)
    std::this_thread::sleep_for(1ms);
  auto got = send_raw(s.address(), post(mlp_infer, mlp_body));
  CHECK_THAT(got, StartsWith("HTTP/1.1 503"));
  CHECK(field_of(got, "Retry-After") == "1");
  slow.join();
}

TEST_CASE("Statistics have the shape of Triton's", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  plain_answer(s);
  send_raw(s.address(), binary_post(binary_json(24, "", "[2,3]"), bytes_of({1, 2, 3, 4, 5, 6})));
  send_raw(s.address(), binary_post(binary_json(8, "", "[1,2]"), bytes_of({1, 2})));
  auto m = json::parse(c.get("/v2/models/mlp/versions/2/stats").value())["model_stats"].at(0);
  CHECK(m["version"] == "2");
  CHECK(m["inference_count"] == 3);
  CHECK(m["execution_count"] == 2);
  CHECK(m["last_inference"].get<std::int64_t>() > 1'600'000'000'000);
  for (const auto* part : {"success", "queue", "compute_input", "compute_infer", "compute_output"}) {
    CHECK(m["inference_stats"][part]["count"] == 2);
    CHECK(m["inference_stats"][part]["ns"].get<std::int64_t>() >= 0);
  }
  CHECK(m["inference_stats"]["fail"]["count"] == 1);
  REQUIRE(m["batch_stats"].size() == 2);
  CHECK(m["batch_stats"][1]["batch_size"] == 2);
  CHECK(m["batch_stats"][1]["compute_infer"]["count"] == 1);
  CHECK(json::parse(c.get("/v2/models/stats").value())["model_stats"].size() == 3);
}
