#include "apps/log.hpp"

#include <algorithm>
#include <cctype>
#include <string>

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>
#include <spdlog/pattern_formatter.h>
#include <spdlog/spdlog.h>

namespace baton::apps {

namespace {

/// Those of the line that this thread is about to log: spdlog's messages have no place for them.
thread_local std::span<const log_field> fields_of_line;

/// As a JSON string; what is no UTF-8 is replaced. JSON would leave the control character DEL as it is.
std::string quoted(std::string_view text) {
  auto json = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  for (auto at = json.find('\x7f'); at != std::string::npos; at = json.find('\x7f', at))
    json.replace(at, 1, "\\u007f");
  return json;
}

bool is_plain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\';
  });
}

} // namespace

std::string without_controls(std::string_view text) {
  bool clean = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= ' ' && c < 0x7f; });
  if (clean)
    return std::string{text};
  auto json = quoted(text);
  std::string shown;
  for (std::size_t i = 1; i + 1 < json.size(); ++i) {
    if (json[i] == '\\' && (json[i + 1] == '"' || json[i + 1] == '\\'))
      ++i; // these two are harmless as they are
    shown += json[i];
  }
  return shown;
}

namespace {

void append(spdlog::memory_buf_t& to, std::string_view text) {
  to.append(text.data(), text.data() + text.size());
}

/// The message and the fields, as text.
class text_flag final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& m, const std::tm&, spdlog::memory_buf_t& to) override {
    append(to, without_controls({m.payload.data(), m.payload.size()}));
    for (const auto& f : fields_of_line) {
      append(to, " ");
      append(to, f.name);
      append(to, "=");
      if (auto* number = std::get_if<std::int64_t>(&f.value))
        append(to, std::to_string(*number));
      else if (auto text = std::get<std::string_view>(f.value); is_plain(text))
        append(to, text);
      else
        append(to, quoted(text));
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<text_flag>(); }
};

class json_formatter final : public spdlog::formatter {
public:
  void format(const spdlog::details::log_msg& m, spdlog::memory_buf_t& to) override {
    using std::chrono::microseconds;
    auto since_epoch = std::chrono::duration_cast<microseconds>(m.time.time_since_epoch());
    auto whole = std::chrono::floor<std::chrono::seconds>(since_epoch);
    auto level = spdlog::level::to_string_view(m.level);
    append(to, fmt::format(R"({{"time":"{:%Y-%m-%dT%H:%M:%S}.{:06}Z","level":"{}","message":)",
                           fmt::gmtime(static_cast<std::time_t>(whole.count())), (since_epoch - whole).count(),
                           std::string_view{level.data(), level.size()}));
    append(to, quoted({m.payload.data(), m.payload.size()}));
    for (const auto& f : fields_of_line) {
      append(to, ",");
      append(to, quoted(f.name));
      append(to, ":");
      auto* number = std::get_if<std::int64_t>(&f.value);
      append(to, number ? std::to_string(*number) : quoted(std::get<std::string_view>(f.value)));
    }
    append(to, "}\n");
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<json_formatter>(); }
};

} // namespace

void log_event(spdlog::level::level_enum level, std::string_view message, std::span<const log_field> fields) {
  if (!spdlog::should_log(level))
    return;
  fields_of_line = fields;
  spdlog::log(level, "{}", message);
  fields_of_line = {};
}

std::unique_ptr<spdlog::formatter> make_log_formatter(log_format f) {
  if (f == log_format::json)
    return std::make_unique<json_formatter>();
  auto text = std::make_unique<spdlog::pattern_formatter>();
  text->add_flag<text_flag>('*').set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %*");
  return text;
}

} // namespace baton::apps
