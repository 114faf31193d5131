#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <variant>

#include <spdlog/common.h>
#include <spdlog/formatter.h>

/// The program's log: spdlog, one line an event, with named fields where a line has some.
namespace baton::apps {

struct log_field {
  std::string_view name; ///< snake_case; not time, level or message
  std::variant<std::int64_t, std::string_view> value;
};

/// Logs a message with fields through the default logger, which must not be an asynchronous one.
void log_event(spdlog::level::level_enum level, std::string_view message, std::span<const log_field> fields);

enum class log_format : std::uint8_t {
  text, ///< time, level, message, then NAME=VALUE; values with more than plain characters are JSON strings
  json, ///< {"time": RFC 3339 in UTC with microseconds, "level", "message", then the fields}
};
/// `text` with control characters as JSON escapes them, and what is no UTF-8 replaced.
std::string without_controls(std::string_view text);

/// In both formats an event is one line of valid UTF-8 without control characters, whatever the message holds.
std::unique_ptr<spdlog::formatter> make_log_formatter(log_format f);

} // namespace baton::apps
