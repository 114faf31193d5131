#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace baton::apps::http {

/// What is asked for.
enum class endpoint : std::uint8_t {
  server_metadata, ///< GET v2
  live,            ///< GET v2/health/live
  ready,           ///< GET v2/health/ready
  model_metadata,  ///< GET v2/models/M[/versions/V]
  model_ready,     ///< GET v2/models/M[/versions/V]/ready
  model_stats,     ///< GET v2/models/M[/versions/V]/stats, GET v2/models/stats (all)
  model_config,    ///< GET v2/models/M[/versions/V]/config
  infer,           ///< POST v2/models/M[/versions/V]/infer
  index,           ///< GET or POST v2/repository/index
  load,            ///< POST v2/repository/models/M/load
  unload,          ///< POST v2/repository/models/M/unload
  baton_stats,     ///< GET v2/baton/stats: counters of the whole runtime
  metrics,         ///< GET metrics: Prometheus' text format
  baton_model,     ///< GET v2/baton/models/M: layers and symbols
};

struct route {
  endpoint what = endpoint::server_metadata;
  std::string model;
  std::string version; ///< empty: the latest
};

/// An answer in the making.
struct answer {
  unsigned status = 200;
  std::string body;
  std::string allow; ///< for 405 and OPTIONS: the methods there are
  std::string content_type = "application/json";
  std::optional<std::size_t> json_size; ///< if binary tensors follow so many bytes of JSON
};

/// Finds the route for a method ("GET"; "HEAD" is taken for it) and a target (path and query; the query is passed
/// over), or the answer that says why there is none: 400, 404 or 405; 204 with the methods there are for "OPTIONS".
std::variant<route, answer> find_route(std::string_view method, std::string_view target);

/// An answer of {"error": message}.
answer refuse(unsigned status, std::string_view message);

} // namespace baton::apps::http
