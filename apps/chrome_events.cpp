#include "apps/chrome_events.hpp"

#include <chrono>
#include <utility>

namespace baton::apps {

namespace {

double us(std::chrono::nanoseconds t) {
  return std::chrono::duration<double, std::micro>(t).count();
}

chrome_events::json event(const char* what, const chrome_events::track& t, const std::string& name) {
  return {{"ph", what}, {"pid", t.group}, {"tid", t.number}, {"name", name}};
}

} // namespace

chrome_events::chrome_events(std::ostream& out) : out_(out) {
  out_ << R"({"displayTimeUnit":"ms","traceEvents":[)";
}

std::size_t chrome_events::finish() {
  out_ << "\n]}\n";
  return count_;
}

void chrome_events::name_group(std::uint32_t group, const std::string& name) {
  auto e = event("M", {group, 0}, "process_name");
  e["args"]["name"] = name;
  put(e);
  e = event("M", {group, 0}, "process_sort_index");
  e["args"]["sort_index"] = group;
  put(e);
}

void chrome_events::name_track(const track& t, const std::string& name) {
  auto e = event("M", t, "thread_name");
  e["args"]["name"] = name;
  put(e);
  e = event("M", t, "thread_sort_index");
  e["args"]["sort_index"] = t.number;
  put(e);
}

void chrome_events::slice(const track& t, const std::string& name, time_point begin, time_point end, json args) {
  auto e = event("X", t, name);
  e["ts"] = us(begin);
  e["dur"] = us(end - begin);
  e["args"] = std::move(args);
  put(e);
}

void chrome_events::instant(const track& t, const std::string& name, time_point at, json args) {
  auto e = event("i", t, name);
  e["s"] = "t"; // as high as the track
  e["ts"] = us(at);
  if (!args.is_null())
    e["args"] = std::move(args);
  put(e);
}

void chrome_events::begin(std::uint32_t group, std::uint64_t id, const std::string& name, time_point at, json args) {
  auto e = event("b", {group, 0}, name);
  e["cat"] = "request";
  e["id"] = id;
  e["ts"] = us(at);
  if (!args.is_null())
    e["args"] = std::move(args);
  put(e);
}

void chrome_events::end(std::uint32_t group, std::uint64_t id, const std::string& name, time_point at) {
  auto e = event("e", {group, 0}, name);
  e["cat"] = "request";
  e["id"] = id;
  e["ts"] = us(at);
  put(e);
}

void chrome_events::counter(std::uint32_t group, const std::string& name, time_point at, const char* unit,
                            std::uint64_t value) {
  auto e = event("C", {group, 0}, name);
  e["ts"] = us(at);
  e["args"][unit] = value;
  put(e);
}

void chrome_events::arrow(const char* kind, std::uint64_t id, std::size_t i, std::size_t n, const track& t,
                          time_point at) {
  auto e = event(i == 0 ? "s" : i + 1 < n ? "t" : "f", t, kind);
  e["cat"] = kind;
  e["id"] = id;
  e["ts"] = us(at);
  if (i + 1 == n)
    e["bp"] = "e"; // it ends at the slice around it, not at the next
  put(e);
}

void chrome_events::put(const json& event) {
  out_ << (count_++ == 0 ? "\n" : ",\n") << event.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace baton::apps
