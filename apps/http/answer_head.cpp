#include "apps/http/answer_head.hpp"

#include <iterator>

#include <boost/beast/http/status.hpp>
#include <fmt/compile.h>
#include <fmt/format.h>

#include "apps/defaults.hpp"

namespace baton::apps::http {

std::string answer_head(const answer& a, const sending& how) {
  std::string head;
  head.reserve(512);
  auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(a.status));
  auto more = std::back_inserter(head);
  fmt::format_to(more, FMT_COMPILE("HTTP/1.1 {} {}\r\nServer: baton\r\n"), a.status,
                 std::string_view{reason.data(), reason.size()});
  auto field = [&](std::string_view name, std::string_view value) {
    head += name;
    head += ": ";
    head += value;
    head += "\r\n";
  };
  if (!a.content_type.empty())
    field("Content-Type", a.content_type);
  if (a.json_size)
    fmt::format_to(more, FMT_COMPILE("Inference-Header-Content-Length: {}\r\n"), *a.json_size);
  if (how.body_coding != coding::identity)
    field("Content-Encoding", to_string(how.body_coding));
  if (!a.allow.empty())
    field("Allow", a.allow);
  if (a.status == 401)
    field("WWW-Authenticate", "Bearer realm=\"baton\"");
  if (a.status == 503)
    fmt::format_to(more, FMT_COMPILE("Retry-After: {}\r\n"), defaults::retry_after.count());
  if (!how.request_id.empty())
    field("Triton-Request-Id", how.request_id);
  if (!how.cors_origin.empty()) {
    field("Access-Control-Allow-Origin", how.cors_origin);
    field("Vary", "Origin");
    field("Access-Control-Expose-Headers", "Inference-Header-Content-Length, Triton-Request-Id, Retry-After");
    if (how.preflight) {
      field("Access-Control-Allow-Methods", "GET, HEAD, POST");
      field("Access-Control-Allow-Headers",
            "Authorization, Content-Type, Content-Encoding, Inference-Header-Content-Length, Triton-Request-Id, "
            "X-Request-Id");
      fmt::format_to(more, FMT_COMPILE("Access-Control-Max-Age: {}\r\n"), defaults::preflight_age.count());
    }
  }
  if (!how.keep_alive)
    field("Connection", "close");
  if (a.status != 204)
    fmt::format_to(more, FMT_COMPILE("Content-Length: {}\r\n"), a.body.size());
  head += "\r\n";
  return head;
}

} // namespace baton::apps::http
