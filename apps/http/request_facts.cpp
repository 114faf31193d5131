#include "apps/http/request_facts.hpp"

#include <charconv>

#include <boost/beast/core/string.hpp>
#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/http/json_text.hpp"

namespace baton::apps::http {

namespace {

namespace bhttp = boost::beast::http;
using boost::beast::iequals;

std::optional<answer> read_json_size(std::string_view text, request_facts& facts) {
  std::size_t n = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (problem != std::errc{} || end != text.data() + text.size())
    return refuse(400, fmt::format("Inference-Header-Content-Length {} is not a number of bytes", in_quotes(text)));
  facts.json_size = n;
  return std::nullopt;
}

/// One field; the answer if it cannot be honoured.
std::optional<answer> read_field(const bhttp::fields::value_type& field, request_facts& facts) {
  auto value = view(field.value());
  switch (field.name()) {
  case bhttp::field::content_encoding: {
    auto c = coding_of(value);
    if (!c)
      return refuse(415, fmt::format("Content-Encoding {} is not supported, gzip and deflate are", in_quotes(value)));
    facts.body_coding = *c;
    break;
  }
  case bhttp::field::transfer_encoding:
    if (!iequals(field.value(), "chunked"))
      return refuse(415, fmt::format("Transfer-Encoding {} is not supported, chunked is", in_quotes(value)));
    break;
  case bhttp::field::expect:
    if (!iequals(field.value(), "100-continue"))
      return refuse(417, fmt::format("Expect {} is not supported, 100-continue is", in_quotes(value)));
    facts.wants_invitation = true;
    break;
  case bhttp::field::accept_encoding: facts.answer_coding = best_coding(value); break;
  case bhttp::field::authorization: facts.authorization = value; break;
  case bhttp::field::origin: facts.origin = value; break;
  case bhttp::field::unknown:
    if (iequals(field.name_string(), "Inference-Header-Content-Length"))
      return read_json_size(value, facts);
    if (iequals(field.name_string(), "Triton-Request-Id") || iequals(field.name_string(), "X-Request-Id"))
      facts.request_id = value.substr(0, defaults::request_id_limit);
    break;
  default: break;
  }
  return std::nullopt;
}

} // namespace

tl::expected<request_facts, answer> read_facts(const bhttp::fields& header) {
  request_facts facts;
  for (const auto& field : header)
    if (auto refusal = read_field(field, facts))
      return tl::unexpected(std::move(*refusal));
  return facts;
}

bool is_open_to_all(std::string_view target) {
  auto path = target.substr(0, target.find('?'));
  return path == "/v2/health/live" || path == "/v2/health/ready";
}

} // namespace baton::apps::http
