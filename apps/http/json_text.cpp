#include "apps/http/json_text.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace baton::apps::http {

void append_quoted(std::string& out, std::string_view text) {
  auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; };
  if (!std::all_of(text.begin(), text.end(), plain)) {
    using json = nlohmann::json;
    out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

std::string quote_json(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t most = 100;
  std::string out{"'"};
  out += text.substr(0, most);
  out += text.size() <= most ? "'" : "...'";
  return out;
}

} // namespace baton::apps::http
