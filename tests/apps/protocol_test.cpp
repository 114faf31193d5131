#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "apps/http/classification.hpp"
#include "apps/http/compression.hpp"
#include "apps/http/infer_codec.hpp"
#include "served.hpp"

using namespace baton;
using namespace baton::apps;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

constexpr const char* mlp_infer = "/v2/models/mlp/infer";

/// A POST that ends its connection, with more fields ("Name: value\r\n").
std::string post(const std::string& target, const std::string& body, const std::string& fields = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields
         + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string body_of(const std::string& answer) {
  auto at = answer.find("\r\n\r\n");
  REQUIRE(at != answer.npos);
  return answer.substr(at + 4);
}

std::string field_of(const std::string& answer, const std::string& name) {
  auto head = answer.substr(0, answer.find("\r\n\r\n") + 2);
  auto at = head.find("\r\n" + name + ": ");
  if (at == head.npos)
    return "";
  at += name.size() + 4;
  return head.substr(at, head.find("\r\n", at) - at);
}

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::string binary_json(std::size_t bytes, const std::string& rest = R"(,"parameters":{"binary_data_output":true})",
                        const std::string& shape = "[1,3]") {
  return R"({"inputs":[{"name":"x","shape":)" + shape + R"(,"datatype":"FP32","parameters":{"binary_data_size":)"
         + std::to_string(bytes) + "}}]" + rest + "}";
}

std::string binary_post(const std::string& head, const std::string& bytes, const std::string& fields = "") {
  return post(mlp_infer, head + bytes,
              "Inference-Header-Content-Length: " + std::to_string(head.size()) + "\r\n" + fields);
}

std::string plain_answer(const testing::served& s) {
  return body_of(testing::send_raw(s.address(), post(mlp_infer, testing::mlp_body)));
}

const std::vector<float> mlp_values{0.5F, -1, 2.25F};

} // namespace

TEST_CASE("Binary tensors go in and come out with the bits JSON gives", "[apps]") {
  testing::served s;
  auto wanted = http::decode_answer(plain_answer(s)).value();
  // The length of the JSON shifts where the bytes lie: every alignment is good.
  for (std::size_t blanks = 0; blanks < 8; ++blanks) {
    auto got =
        testing::send_raw(s.address(), binary_post(binary_json(12) + std::string(blanks, ' '), bytes_of(mlp_values)));
    REQUIRE_THAT(got, StartsWith("HTTP/1.1 200"));
    CHECK(field_of(got, "Content-Type") == "application/octet-stream");
    auto size = std::stoul(field_of(got, "Inference-Header-Content-Length"));
    auto reply = http::decode_answer(body_of(got), size);
    REQUIRE(reply);
    CHECK(std::memcmp(reply->outputs.at(0).value.data(), wanted.outputs.at(0).value.data(), 8) == 0);
  }
  // One side only, or one output only.
  auto got = testing::send_raw(s.address(), binary_post(binary_json(12, ""), bytes_of(mlp_values)));
  CHECK(json::parse(body_of(got))["outputs"][0]["data"] == json::parse(plain_answer(s))["outputs"][0]["data"]);
  auto body = testing::mlp_body;
  body.insert(1, R"("outputs":[{"name":"y","parameters":{"binary_data":true}}],)");
  got = testing::send_raw(s.address(), post(mlp_infer, body));
  CHECK(body_of(got).size() == std::stoul(field_of(got, "Inference-Header-Content-Length")) + 8);
}

TEST_CASE("What is not finite travels in binary", "[apps]") {
  testing::served s;
  auto nan = std::numeric_limits<float>::quiet_NaN();
  auto got = testing::send_raw(s.address(), binary_post(binary_json(12), bytes_of({nan, nan, nan})));
  REQUIRE_THAT(got, StartsWith("HTTP/1.1 200"));
  got = testing::send_raw(s.address(), binary_post(binary_json(12, ""), bytes_of({3e38F, -3e38F, 3e38F})));
  CHECK_THAT(got, StartsWith("HTTP/1.1 400") && Contains("binary"));
}

TEST_CASE("A body that is nothing but the bytes of the only input is understood", "[apps]") {
  testing::served s;
  auto got = testing::send_raw(s.address(), binary_post("", bytes_of({0.5F, -1, 2.25F, 0.5F, -1, 2.25F})));
  REQUIRE_THAT(got, StartsWith("HTTP/1.1 200"));
  auto size = std::stoul(field_of(got, "Inference-Header-Content-Length"));
  auto reply = http::decode_answer(body_of(got), size);
  REQUIRE(reply);
  CHECK(reply->outputs.at(0).value.shape() == std::vector<std::int64_t>{2, 2});
  CHECK_THAT(testing::send_raw(s.address(), binary_post("", "12345")), StartsWith("HTTP/1.1 400") && Contains("'x'"));
}

TEST_CASE("Binary sizes that do not fit are 400 and name the tensor", "[apps]") {
  testing::served s;
  auto bytes = bytes_of(mlp_values);
  auto refused = [&](const std::string& request, const std::string& word) {
    CHECK_THAT(testing::send_raw(s.address(), request), StartsWith("HTTP/1.1 400") && Contains(word));
  };
  refused(binary_post(binary_json(11), bytes.substr(1)), "'x'");
  refused(binary_post(binary_json(16), bytes + "1234"), "'x'");
  refused(binary_post(binary_json(12), bytes.substr(1)), "'x'");
  refused(binary_post(binary_json(12), bytes + "more"), "4 bytes");
  refused(binary_post(binary_json(12, "", "[1,-3]"), bytes), "'x'");
  refused(binary_post(binary_json(12, "", "[4611686018427387904,3]"), bytes), "'x'");
  refused(post(mlp_infer, binary_json(12)), "'x'");
  for (const auto* length : {"-1", "1e2", "", "99999999999999999999", "10000", "3"})
    refused(
        post(mlp_infer, binary_json(12) + bytes, "Inference-Header-Content-Length: " + std::string{length} + "\r\n"),
        "error");
  auto both =
      R"({"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3],"parameters":{"binary_data_size":12}}]})";
  refused(binary_post(both, bytes), "both");
  CHECK_THAT(plain_answer(s), Contains("outputs"));
}

TEST_CASE("Compressed bodies are inflated, as far as the limit of a body lets", "[apps]") {
  http::server_options o;
  o.body_limit = 100000;
  testing::served s{o};
  for (auto c : {http::coding::gzip, http::coding::deflate}) {
    auto field = "Content-Encoding: " + std::string{http::to_string(c)} + "\r\n";
    auto good = http::deflate(testing::mlp_body, c);
    auto got = testing::send_raw(s.address(), post(mlp_infer, good, field));
    CHECK(json::parse(body_of(got))["outputs"] == json::parse(plain_answer(s))["outputs"]);
    auto bomb = http::deflate(std::string(std::size_t{50} << 20, ' '), c);
    REQUIRE(bomb.size() < o.body_limit * 3);
    auto small_bomb = http::deflate(std::string(std::size_t{8} << 20, ' '), c);
    CHECK_THAT(testing::send_raw(s.address(), post(mlp_infer, small_bomb, field)), StartsWith("HTTP/1.1 413"));
    CHECK_FALSE(http::inflate(bomb, c, 100000));
    CHECK_THAT(testing::send_raw(s.address(), post(mlp_infer, good.substr(0, good.size() / 2), field)),
               StartsWith("HTTP/1.1 400") && Contains("cut off"));
    CHECK_THAT(testing::send_raw(s.address(), post(mlp_infer, good + "x", field)), StartsWith("HTTP/1.1 400"));
    CHECK_THAT(testing::send_raw(s.address(), post(mlp_infer, testing::mlp_body, field)), StartsWith("HTTP/1.1 400"));
    CHECK_THAT(testing::send_raw(s.address(), post(mlp_infer, "", field)), StartsWith("HTTP/1.1 400"));
  }
}

TEST_CASE("Answers are compressed for clients that ask for it", "[apps]") {
  testing::served s;
  auto body = testing::deep_body(8);
  auto plain = json::parse(body_of(testing::send_raw(s.address(), post("/v2/models/deep/infer", body))));
  for (const auto* accepted : {"gzip", "deflate", "br;q=1, gzip;q=0.5", "gzip;q=0, deflate"}) {
    auto got = testing::send_raw(
        s.address(), post("/v2/models/deep/infer", body, "Accept-Encoding: " + std::string{accepted} + "\r\n"));
    auto c = http::coding_of(field_of(got, "Content-Encoding"));
    REQUIRE(c);
    CHECK(*c == (std::string_view{accepted}.ends_with("deflate") ? http::coding::deflate : http::coding::gzip));
    auto text = http::inflate(body_of(got), *c, std::size_t{1} << 20);
    REQUIRE(text);
    CHECK(json::parse(*text)["outputs"] == plain["outputs"]);
  }
  for (const auto* accepted : {"identity", "br", "gzip;q=0", "*;q=0", ""})
    CHECK(http::best_coding(accepted) == http::coding::identity);
}

TEST_CASE("HEAD is GET without a body, and OPTIONS names the methods", "[apps]") {
  testing::served s;
  auto get = testing::send_raw(s.address(), "GET /v2/models/mlp HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  auto head = testing::send_raw(s.address(), "HEAD /v2/models/mlp HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(head == get.substr(0, get.find("\r\n\r\n") + 4));
  CHECK(std::stoul(field_of(head, "Content-Length")) == body_of(get).size());
  // A kept connection is not disturbed.
  auto two =
      testing::send_raw(s.address(), "HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
                                     "OPTIONS /v2/models/mlp/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK_THAT(two, StartsWith("HTTP/1.1 404") && Contains("HTTP/1.1 204") && Contains("Allow: POST"));
}

TEST_CASE("Pages of other origins are served only if the server was told so", "[apps]") {
  auto preflight = "OPTIONS /v2/models/mlp/infer HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n"
                   "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n";
  auto from = [](const std::string& origin) {
    return post(mlp_infer, testing::mlp_body, "Origin: " + origin + "\r\n");
  };
  {
    testing::served s;
    CHECK_THAT(testing::send_raw(s.address(), from("https://a.example")), !Contains("Access-Control"));
    CHECK_THAT(testing::send_raw(s.address(), preflight), !Contains("Access-Control"));
  }
  http::server_options o;
  o.cors_origin = "https://a.example";
  testing::served s{o};
  CHECK(field_of(testing::send_raw(s.address(), from("https://a.example")), "Access-Control-Allow-Origin")
        == "https://a.example");
  CHECK_THAT(testing::send_raw(s.address(), from("https://b.example")), !Contains("Access-Control"));
  auto got = testing::send_raw(s.address(), preflight);
  CHECK_THAT(got, StartsWith("HTTP/1.1 204") && Contains("Access-Control-Allow-Methods") && Contains("Authorization"));
}

TEST_CASE("With a token file only those who show the token are served, but everybody may ask for health", "[apps]") {
  testing::temporary_folder folder;
  auto file = folder.path() / "token";
  std::ofstream{file} << " s3cret\n";
  http::server_options o;
  o.token_file = file;
  testing::served s{o};
  auto with = [&](const std::string& fields) {
    return testing::send_raw(s.address(), post(mlp_infer, testing::mlp_body, fields));
  };
  CHECK_THAT(with("Authorization: Bearer s3cret\r\n"), StartsWith("HTTP/1.1 200"));
  CHECK_THAT(with("Authorization: bearer  s3cret\r\n"), StartsWith("HTTP/1.1 200"));
  for (const auto* fields : {"", "Authorization: Bearer s3cre\r\n", "Authorization: Bearer s3cret2\r\n",
                             "Authorization: Basic s3cret\r\n", "Authorization: Bearer\r\n", "Authorization: \r\n"})
    CHECK_THAT(with(fields), StartsWith("HTTP/1.1 401") && Contains("WWW-Authenticate: Bearer") && Contains("error"));
  auto get = [&](const std::string& target) {
    return testing::send_raw(s.address(), "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  };
  CHECK_THAT(get("/v2/health/live"), StartsWith("HTTP/1.1 200"));
  CHECK_THAT(get("/v2/health/ready?x"), StartsWith("HTTP/1.1 200"));
  CHECK_THAT(get("/v2/health/../models/mlp"), StartsWith("HTTP/1.1 401"));
  CHECK_THAT(get("/v2"), StartsWith("HTTP/1.1 401"));
}

TEST_CASE("A server that cannot keep what it was told about access does not start", "[apps]") {
  testing::temporary_folder folder;
  auto empty = folder.path() / "empty";
  std::ofstream{empty} << "\n";
  testing::served s;
  auto refusal = [&](http::server_options o) {
    o.port = 0;
    auto opened = http::server::open(std::move(o), s.runtime(), s.models());
    return opened ? std::string{"opened"} : opened.error().message;
  };
  CHECK_THAT(refusal({.token_file = folder.path() / "none"}), Contains("none") && Contains("cannot be read"));
  CHECK_THAT(refusal({.token_file = folder.path()}), Contains("cannot be read"));
  CHECK_THAT(refusal({.token_file = empty}), Contains("is empty"));
  CHECK_THAT(refusal({.certificate = empty}), Contains("both"));
  CHECK_THAT(refusal({.certificate = empty, .key = empty}), Contains("certificate") && Contains("empty"));
}

TEST_CASE("Ids come back: the body's in the body, the header's in the header", "[apps]") {
  testing::served s;
  auto body = testing::mlp_body;
  body.insert(1, R"("id":"i-1",)");
  for (const auto* name : {"triton-request-id", "X-Request-Id"}) {
    auto got = testing::send_raw(s.address(), post(mlp_infer, body, std::string{name} + ": h-2\r\n"));
    CHECK(json::parse(body_of(got))["id"] == "i-1");
    CHECK(field_of(got, "Triton-Request-Id") == "h-2");
  }
  auto got = testing::send_raw(s.address(), post(mlp_infer, "{}", "X-Request-Id: h-3\r\n"));
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

  testing::served s;
  auto body = testing::mlp_body;
  body.insert(1, R"("outputs":[{"name":"y","parameters":{"classification":1}}],)");
  auto y = json::parse(body_of(testing::send_raw(s.address(), post(mlp_infer, body))))["outputs"][0];
  CHECK(y["datatype"] == "BYTES");
  CHECK(y["shape"] == json::array({1, 1}));
  CHECK_THAT(y["data"][0].get<std::string>(), Contains(":"));
}

TEST_CASE("Chunked bodies are put together", "[apps]") {
  testing::served s;
  std::string chunks;
  for (char c : testing::mlp_body)
    chunks += std::string{"1;x=y\r\n"} + c + "\r\n";
  auto got = testing::send_raw(s.address(), std::string{"POST "} + mlp_infer
                                                + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                                  "Transfer-Encoding: chunked\r\n\r\n"
                                                + chunks + "0\r\n\r\n");
  CHECK_THAT(got, StartsWith("HTTP/1.1 200"));
}

TEST_CASE("A long row of requests sent ahead is answered in order, all of it", "[apps]") {
  testing::served s;
  std::string ahead;
  for (int i = 0; i < 500; ++i) {
    auto body = testing::mlp_body;
    body.insert(1, R"("id":")" + std::to_string(i) + R"(",)");
    ahead += std::string{"POST "} + mlp_infer + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size())
             + "\r\n\r\n" + body;
  }
  auto got = testing::send_raw(s.address(), ahead + "GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 20s);
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
    auto r = c.call(verb::post, "/v2/models/deep/infer", testing::deep_body(1000, parameters));
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
    c.call(boost::beast::http::verb::post, "/v2/models/deep/infer", testing::deep_body(2000));
  }};
  while (s.runtime().counters().open_requests == 0)
    std::this_thread::sleep_for(1ms);
  auto got = testing::send_raw(s.address(), post(mlp_infer, testing::mlp_body));
  CHECK_THAT(got, StartsWith("HTTP/1.1 503"));
  CHECK(field_of(got, "Retry-After") == "1");
  slow.join();
}

TEST_CASE("Statistics have the shape of Triton's", "[apps]") {
  testing::served s;
  http::client c{s.address()};
  plain_answer(s);
  testing::send_raw(s.address(), binary_post(binary_json(24, "", "[2,3]"), bytes_of({1, 2, 3, 4, 5, 6})));
  testing::send_raw(s.address(), binary_post(binary_json(8, "", "[1,2]"), bytes_of({1, 2})));
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
