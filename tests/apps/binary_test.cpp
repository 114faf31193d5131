#include <cstring>
#include <limits>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "apps/http/compression.hpp"
#include "apps/http/infer_codec.hpp"
#include "raw_http.hpp"

using namespace baton;
using namespace baton::apps;
using namespace baton::testing;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using nlohmann::json;

namespace {

const std::vector<float> mlp_values{0.5F, -1, 2.25F};

} // namespace

TEST_CASE("Binary tensors go in and come out with the bits JSON gives", "[apps]") {
  testing::served s;
  auto wanted = http::decode_answer(plain_answer(s)).value();
  // The length of the JSON shifts where the bytes lie: every alignment is good.
  for (std::size_t blanks = 0; blanks < 8; ++blanks) {
    auto got = send_raw(s.address(), binary_post(binary_json(12) + std::string(blanks, ' '), bytes_of(mlp_values)));
    REQUIRE_THAT(got, StartsWith("HTTP/1.1 200"));
    CHECK(field_of(got, "Content-Type") == "application/octet-stream");
    auto size = std::stoul(field_of(got, "Inference-Header-Content-Length"));
    auto reply = http::decode_answer(body_of(got), size);
    REQUIRE(reply);
    CHECK(std::memcmp(reply->outputs.at(0).value.data(), wanted.outputs.at(0).value.data(), 8) == 0);
  }
  // One side only, or one output only.
  auto got = send_raw(s.address(), binary_post(binary_json(12, ""), bytes_of(mlp_values)));
  CHECK(json::parse(body_of(got))["outputs"][0]["data"] == json::parse(plain_answer(s))["outputs"][0]["data"]);
  auto body = mlp_body;
  body.insert(1, R"("outputs":[{"name":"y","parameters":{"binary_data":true}}],)");
  got = send_raw(s.address(), post(mlp_infer, body));
  CHECK(body_of(got).size() == std::stoul(field_of(got, "Inference-Header-Content-Length")) + 8);
}

TEST_CASE("What is not finite travels in binary", "[apps]") {
  testing::served s;
  auto nan = std::numeric_limits<float>::quiet_NaN();
  auto got = send_raw(s.address(), binary_post(binary_json(12), bytes_of({nan, nan, nan})));
  REQUIRE_THAT(got, StartsWith("HTTP/1.1 200"));
  got = send_raw(s.address(), binary_post(binary_json(12, ""), bytes_of({3e38F, -3e38F, 3e38F})));
  CHECK_THAT(got, StartsWith("HTTP/1.1 400") && Contains("binary"));
}

TEST_CASE("A body that is nothing but the bytes of the only input is understood", "[apps]") {
  testing::served s;
  auto got = send_raw(s.address(), binary_post("", bytes_of({0.5F, -1, 2.25F, 0.5F, -1, 2.25F})));
  REQUIRE_THAT(got, StartsWith("HTTP/1.1 200"));
  auto size = std::stoul(field_of(got, "Inference-Header-Content-Length"));
  auto reply = http::decode_answer(body_of(got), size);
  REQUIRE(reply);
  CHECK(reply->outputs.at(0).value.shape() == std::vector<std::int64_t>{2, 2});
  CHECK_THAT(send_raw(s.address(), binary_post("", "12345")), StartsWith("HTTP/1.1 400") && Contains("'x'"));
}

TEST_CASE("Binary sizes that do not fit are 400 and name the tensor", "[apps]") {
  testing::served s;
  auto bytes = bytes_of(mlp_values);
  auto refused = [&](const std::string& request, const std::string& word) {
    CHECK_THAT(send_raw(s.address(), request), StartsWith("HTTP/1.1 400") && Contains(word));
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
    auto good = http::deflate(mlp_body, c);
    auto got = send_raw(s.address(), post(mlp_infer, good, field));
    CHECK(json::parse(body_of(got))["outputs"] == json::parse(plain_answer(s))["outputs"]);
    auto bomb = http::deflate(std::string(std::size_t{50} << 20, ' '), c);
    REQUIRE(bomb.size() < o.body_limit * 3);
    auto small_bomb = http::deflate(std::string(std::size_t{8} << 20, ' '), c);
    CHECK_THAT(send_raw(s.address(), post(mlp_infer, small_bomb, field)), StartsWith("HTTP/1.1 413"));
    CHECK_FALSE(http::inflate(bomb, c, 100000));
    CHECK_THAT(send_raw(s.address(), post(mlp_infer, good.substr(0, good.size() / 2), field)),
               StartsWith("HTTP/1.1 400") && Contains("cut off"));
    CHECK_THAT(send_raw(s.address(), post(mlp_infer, good + "x", field)), StartsWith("HTTP/1.1 400"));
    CHECK_THAT(send_raw(s.address(), post(mlp_infer, mlp_body, field)), StartsWith("HTTP/1.1 400"));
    CHECK_THAT(send_raw(s.address(), post(mlp_infer, "", field)), StartsWith("HTTP/1.1 400"));
  }
}

TEST_CASE("Answers are compressed for clients that ask for it", "[apps]") {
  testing::served s;
  auto body = deep_body(8);
  auto plain = json::parse(body_of(send_raw(s.address(), post("/v2/models/deep/infer", body))));
  for (const auto* accepted : {"gzip", "deflate", "br;q=1, gzip;q=0.5", "gzip;q=0, deflate"}) {
    auto got = send_raw(s.address(),
                        post("/v2/models/deep/infer", body, "Accept-Encoding: " + std::string{accepted} + "\r\n"));
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
