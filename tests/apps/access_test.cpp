#include <fstream>

#include <catch2/catch.hpp>

#include "raw_http.hpp"

using namespace baton;
using namespace baton::apps;
using namespace baton::testing;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

TEST_CASE("Pages of other origins are served only if the server was told so", "[apps]") {
  auto preflight = "OPTIONS /v2/models/mlp/infer HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n"
                   "Access-Control-Request-Method: POST\r\nConnection: close\r\n\r\n";
  auto from = [](const std::string& origin) { return post(mlp_infer, mlp_body, "Origin: " + origin + "\r\n"); };
  {
    testing::served s;
    CHECK_THAT(send_raw(s.address(), from("https://a.example")), !Contains("Access-Control"));
    CHECK_THAT(send_raw(s.address(), preflight), !Contains("Access-Control"));
  }
  http::server_options o;
  o.cors_origin = "https://a.example";
  testing::served s{o};
  CHECK(field_of(send_raw(s.address(), from("https://a.example")), "Access-Control-Allow-Origin")
        == "https://a.example");
  CHECK_THAT(send_raw(s.address(), from("https://b.example")), !Contains("Access-Control"));
  auto got = send_raw(s.address(), preflight);
  CHECK_THAT(got, StartsWith("HTTP/1.1 204") && Contains("Access-Control-Allow-Methods") && Contains("Authorization"));
}

TEST_CASE("With a token file only those who show the token are served, but everybody may ask for health", "[apps]") {
  temporary_folder folder;
  auto file = folder.path() / "token";
  std::ofstream{file} << " s3cret\n";
  http::server_options o;
  o.token_file = file;
  testing::served s{o};
  auto with = [&](const std::string& fields) { return send_raw(s.address(), post(mlp_infer, mlp_body, fields)); };
  CHECK_THAT(with("Authorization: Bearer s3cret\r\n"), StartsWith("HTTP/1.1 200"));
  CHECK_THAT(with("Authorization: bearer  s3cret\r\n"), StartsWith("HTTP/1.1 200"));
  for (const auto* fields : {"", "Authorization: Bearer s3cre\r\n", "Authorization: Bearer s3cret2\r\n",
                             "Authorization: Basic s3cret\r\n", "Authorization: Bearer\r\n", "Authorization: \r\n"})
    CHECK_THAT(with(fields), StartsWith("HTTP/1.1 401") && Contains("WWW-Authenticate: Bearer") && Contains("error"));
  auto get = [&](const std::string& target) {
    return send_raw(s.address(), "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  };
  CHECK_THAT(get("/v2/health/live"), StartsWith("HTTP/1.1 200"));
  CHECK_THAT(get("/v2/health/ready?x"), StartsWith("HTTP/1.1 200"));
  CHECK_THAT(get("/v2/health/../models/mlp"), StartsWith("HTTP/1.1 401"));
  CHECK_THAT(get("/v2"), StartsWith("HTTP/1.1 401"));
}

TEST_CASE("A server that cannot keep what it was told about access does not start", "[apps]") {
  temporary_folder folder;
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
