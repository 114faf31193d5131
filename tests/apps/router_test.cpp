#include <catch2/catch.hpp>

#include "apps/http/router.hpp"

using namespace baton::apps::http;

namespace {

unsigned status(std::string_view method, std::string_view target) {
  auto r = find_route(method, target);
  return std::holds_alternative<answer>(r) ? std::get<answer>(r).status : 200;
}

} // namespace

TEST_CASE("Paths of the protocol lead to their endpoints", "[apps]") {
  auto at = [](std::string_view method, std::string_view target) {
    return std::get<route>(find_route(method, target));
  };
  CHECK(at("GET", "/v2").what == endpoint::server_metadata);
  CHECK(at("GET", "/v2/").what == endpoint::server_metadata);
  CHECK(at("GET", "/v2/health/live").what == endpoint::live);
  CHECK(at("GET", "/v2/health/ready?verbose=1").what == endpoint::ready);
  CHECK(at("POST", "/v2/repository/index").what == endpoint::index);
  CHECK(at("GET", "/v2/repository/index").what == endpoint::index);
  CHECK(at("GET", "/v2/baton/stats").what == endpoint::baton_stats);
  CHECK(at("GET", "/v2/baton/models/m").what == endpoint::baton_model);
  CHECK(at("GET", "/v2/models/m").what == endpoint::model_metadata);
  CHECK(at("GET", "/v2/models/m/stats").what == endpoint::model_stats);
  CHECK(at("GET", "/v2/models/m/config").what == endpoint::model_config);
  CHECK(at("POST", "/v2/repository/models/m/load").what == endpoint::load);
  CHECK(at("POST", "/v2/repository/models/m/unload").model == "m");
  auto r = at("POST", "/v2/models/a%20b%2Fc/versions/3/infer");
  CHECK(r.what == endpoint::infer);
  CHECK(r.model == "a b/c");
  CHECK(r.version == "3");
  CHECK(at("GET", "/v2/models/stats").what == endpoint::model_stats);
  CHECK(at("HEAD", "/v2/models/m").what == endpoint::model_metadata);
  CHECK(at("GET", "/v2/models/m/versions/3").version == "3");
  CHECK(at("GET", "/v2/models/m/versions/3/ready").what == endpoint::model_ready);
}

TEST_CASE("Other paths and methods are refused", "[apps]") {
  for (const auto* target :
       {"/", "/v1", "/v2/models", "/v2/models/m/nothing", "/v2/models/m/versions", "/v2/models/m/versions/1/infer/x",
        "/v2/health", "/v2/health/live/x", "//", "/v2//health/live"})
    CHECK(status("GET", target) == 404);
  CHECK(status("GET", "v2") == 400);
  CHECK(status("GET", "/v2/models/%zz") == 400);
  CHECK(status("GET", "/v2/models/%4") == 400);
  CHECK(status("GET", "/v2/models/m/infer") == 405);
  CHECK(status("POST", "/v2/health/live") == 405);
  CHECK(status("", "/v2/health/live") == 405);
  CHECK(status("ET", "/v2/health/live") == 405);
  CHECK(status("HEAD", "/v2/models/m/infer") == 405);
  CHECK(status("OPTIONS", "/v2/models/m/infer") == 204);
  CHECK(status("OPTIONS", "/v1") == 404);
  CHECK(std::get<answer>(find_route("OPTIONS", "/v2/repository/index")).allow == "GET, POST, HEAD, OPTIONS");
  CHECK(std::get<answer>(find_route("PUT", "/v2/models/m/infer")).allow == "POST");
}
