#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

#include <nlohmann/json.hpp>

#include "metadata/ids.hpp"

namespace baton::apps {

/// Chrome's trace events as JSON, one a line, written as they come. The format calls a group of tracks a process and a
/// track a thread.
/// Source: "Trace Event Format", Google.
class chrome_events {
public:
  using json = nlohmann::ordered_json;
  using time_point = metadata::time_point;
  struct track {
    std::uint32_t group = 0, number = 0;
  };

  explicit chrome_events(std::ostream& out);
  /// Completes the file; how many events it has. To be called once.
  std::size_t finish();

  void name_group(std::uint32_t group, const std::string& name);
  void name_track(const track& t, const std::string& name);
  /// Those of a track must not overlap, unless one lies within the other.
  void slice(const track& t, const std::string& name, time_point begin, time_point end, json args);
  void instant(const track& t, const std::string& name, time_point at, json args = {});
  /// Begins or ends a slice of the item `id`, wherever others are; what begins last ends first.
  void begin(std::uint32_t group, std::uint64_t id, const std::string& name, time_point at, json args = {});
  void end(std::uint32_t group, std::uint64_t id, const std::string& name, time_point at);
  void counter(std::uint32_t group, const std::string& name, time_point at, const char* unit, std::uint64_t value);
  /// Point `i` of `n` of an arrow, from 0: within a slice of the track. Arrows of a kind have ids of their own.
  void arrow(const char* kind, std::uint64_t id, std::size_t i, std::size_t n, const track& t, time_point at);

private:
  void put(const json& event);

  std::ostream& out_;
  std::size_t count_ = 0;
};

} // namespace baton::apps
