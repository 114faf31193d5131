#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "apps/log.hpp"

using namespace baton::apps;
using nlohmann::json;

namespace {

/// One line as the program would log it, its end cut off.
std::string line(log_format f, std::string_view message, std::vector<log_field> fields = {}) {
  std::ostringstream out;
  auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(out)));
  spdlog::default_logger_raw()->set_formatter(make_log_formatter(f));
  log_event(spdlog::level::warn, message, fields);
  spdlog::set_default_logger(before);
  auto text = out.str();
  REQUIRE(text.ends_with("\n"));
  text.pop_back();
  for (unsigned char c : text)
    CHECK((c >= ' ' && c != 0x7f));
  return text;
}

} // namespace

TEST_CASE("A line of the JSON log is one object with time, level, message and its fields", "[apps]") {
  auto text = line(log_format::json, "hello", {{"model", "m"}, {"request", std::int64_t{-3}}, {"id", ""}});
  auto object = json::parse(text);
  CHECK(text.starts_with(R"({"time":"2)"));
  CHECK(object.size() == 6);
  CHECK(object["level"] == "warning");
  CHECK(object["message"] == "hello");
  CHECK(object["model"] == "m");
  CHECK(object["request"] == -3);
  CHECK(object["id"].get<std::string>().empty());
  CHECK(object["time"].get<std::string>().size() == std::string{"2026-01-31T12:00:00.250113Z"}.size());
}

TEST_CASE("What a client sends cannot break a line of the log", "[apps]") {
  const std::string evil = std::string{"a\"\\\n\r\t{}"} + '\0' + "\x1b[31m\x7f\xff\xc3";
  auto object = json::parse(line(log_format::json, evil, {{"id", evil}}));
  const std::string read = std::string{"a\"\\\n\r\t{}"} + '\0' + "\x1b[31m\x7f\xef\xbf\xbd\xef\xbf\xbd";
  CHECK(object["message"] == read);
  CHECK(object["id"] == read);

  auto text = line(log_format::text, evil, {{"id", evil}, {"model", "plain"}, {"n", std::int64_t{1}}});
  CHECK(text.find("warning a\"\\\\n\\r\\t{}") != std::string::npos);
  CHECK(text.find(" id=\"a\\\"\\\\\\n") != std::string::npos);
  CHECK(text.ends_with(" model=plain n=1"));
  CHECK_NOTHROW(json(text).dump()); // it is UTF-8
}

TEST_CASE("Fields belong to their line alone, and text with other letters stays as it is", "[apps]") {
  CHECK(line(log_format::text, "one", {{"a", "b c"}}).ends_with("warning one a=\"b c\""));
  CHECK(line(log_format::text, "zwölf").ends_with("warning zwölf"));
  CHECK(json::parse(line(log_format::json, "two")).size() == 3);
}
