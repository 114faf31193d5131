#include "apps/http/router.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "apps/http/json_text.hpp"

namespace baton::apps::http {

namespace {

int hex(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Resolves %XX; nothing for a broken one.
std::optional<std::string> decoded(std::string_view text) {
  if (text.find('%') == text.npos)
    return std::string{text};
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0)
      return std::nullopt;
    out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return out;
}

std::optional<std::vector<std::string>> segments(std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  if (!target.starts_with('/'))
    return std::nullopt;
  std::vector<std::string> parts;
  while (!target.empty()) {
    target.remove_prefix(1);
    auto slash = std::min(target.find('/'), target.size());
    auto part = decoded(target.substr(0, slash));
    if (!part)
      return std::nullopt;
    parts.push_back(std::move(*part));
    target.remove_prefix(slash);
  }
  if (!parts.empty() && parts.back().empty())
    parts.pop_back(); // a slash at the end
  return parts;
}

std::optional<route> model_route(const std::vector<std::string>& p) {
  route r{endpoint::model_metadata, p[2], {}};
  std::size_t at = 3;
  if (p.size() > 4 && p[3] == "versions") {
    r.version = p[4];
    at = 5;
  }
  if (p.size() == at)
    return r;
  if (p.size() > at + 1)
    return std::nullopt;
  if (p[at] == "ready")
    r.what = endpoint::model_ready;
  else if (p[at] == "stats")
    r.what = endpoint::model_stats;
  else if (p[at] == "config")
    r.what = endpoint::model_config;
  else if (p[at] == "infer")
    r.what = endpoint::infer;
  else
    return std::nullopt;
  return r;
}

std::optional<route> match(const std::vector<std::string>& p) {
  if (p.size() == 1 && p[0] == "metrics")
    return route{endpoint::metrics, {}, {}};
  if (p.empty() || p[0] != "v2")
    return std::nullopt;
  if (p.size() == 1)
    return route{endpoint::server_metadata, {}, {}};
  if (p.size() == 3 && p[1] == "health" && (p[2] == "live" || p[2] == "ready"))
    return route{p[2] == "live" ? endpoint::live : endpoint::ready, {}, {}};
  if (p.size() == 3 && p[1] == "repository" && p[2] == "index")
    return route{endpoint::index, {}, {}};
  if (p.size() == 5 && p[1] == "repository" && p[2] == "models" && (p[4] == "load" || p[4] == "unload"))
    return route{p[4] == "load" ? endpoint::load : endpoint::unload, p[3], {}};
  if (p.size() == 3 && p[1] == "baton" && p[2] == "stats")
    return route{endpoint::baton_stats, {}, {}};
  if (p.size() == 4 && p[1] == "baton" && p[2] == "models")
    return route{endpoint::baton_model, p[3], {}};
  if (p.size() == 3 && p[1] == "models" && p[2] == "stats")
    return route{endpoint::model_stats, {}, {}};
  if (p.size() >= 3 && p[1] == "models")
    return model_route(p);
  return std::nullopt;
}

std::string_view methods_of(endpoint e) {
  switch (e) {
  case endpoint::load:
  case endpoint::unload:
  case endpoint::infer: return "POST";
  case endpoint::index: return "GET, POST";
  default: return "GET";
  }
}

} // namespace

std::variant<route, answer> find_route(std::string_view method, std::string_view target) {
  auto parts = segments(target);
  if (!parts)
    return refuse(400, fmt::format("target {} is not a path", in_quotes(target)));
  auto r = match(*parts);
  if (!r)
    return refuse(404, fmt::format("there is nothing at {}", in_quotes(target)));
  auto methods = methods_of(r->what);
  if (method == "HEAD")
    method = "GET";
  if (method == "OPTIONS") {
    answer a{204, {}, fmt::format("{}{}, OPTIONS", methods, methods.starts_with("GET") ? ", HEAD" : "")};
    a.content_type.clear();
    return a;
  }
  if (method == methods || (r->what == endpoint::index && (method == "GET" || method == "POST")))
    return *r;
  auto refusal =
      refuse(405, fmt::format("method {} is not for {}: use {}", in_quotes(method), in_quotes(target), methods));
  refusal.allow = methods;
  return refusal;
}

answer refuse(unsigned status, std::string_view message) {
  return {status, "{\"error\":" + quote_json(message) + "}", {}};
}

} // namespace baton::apps::http
