#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "actors/runtime.hpp"
#include "apps/catalog.hpp"
#include "apps/defaults.hpp"
#include "apps/http/infer_codec.hpp"
#include "apps/http/router.hpp"
#include "apps/http/statistics.hpp"
#include "apps/metrics.hpp"

namespace baton::apps::http {

/// A request as a session has read it; views are needed while `handle` runs only.
struct asked {
  std::string_view method;
  std::string_view target;
  std::string_view body;
  std::optional<std::size_t> json_size; ///< Inference-Header-Content-Length
  std::string_view id;                  ///< of a header
};

/// What the server does, without sockets: requests in, answers out. All calls on the server's thread.
class service {
public:
  using reply = std::function<void(answer)>;

  /// Runs work on the server's thread, soon; from any thread. Does nothing once the server is gone.
  using poster = std::function<void(std::function<void()>)>;
  /// Runtime and catalog must outlive the service.
  service(actors::runtime& runtime, catalog& models, poster post);

  /// Answers through `then`, exactly once: before this returns, or later: if an id is returned, when the
  /// inference has ended, else when the model is loaded or unloaded.
  std::optional<metadata::request_id> handle(const asked& what, reply then);
  /// The client is gone: its answer (it still comes) interests nobody.
  void cancel(metadata::request_id id);
  /// Hands out what has come from the runtime.
  void deliver_results();
  /// From now on inference is refused with 503 and the server is not ready.
  void begin_drain() { draining_ = true; }
  /// Forgets what is open without answering.
  void abandon() {
    open_.clear();
    commands_.clear();
  }
  std::size_t open() const { return open_.size(); }
  /// Logs each inference at level info; at debug otherwise.
  void log_requests(bool yes) { log_requests_ = yes; }
  /// Where sessions count connections and answers.
  metrics& measured() { return metrics_; }

private:
  using clock = std::chrono::steady_clock;
  struct open_call {
    infer_call call;
    served model;
    reply then;
    clock::time_point begun;
    metadata::duration decoding;
    std::string id; ///< the client's own, for the log
  };
  using counter_key = std::pair<std::string, std::int64_t>; ///< model and version
  /// An inference that has got its answer.
  struct account {
    std::string_view model;              ///< as the client calls it
    std::optional<std::int64_t> version; ///< none: there is no such model
    std::string_view id;                 ///< the client's; empty: none
    errc failure = errc::none;
    std::string_view message;             ///< of the failure
    const actors::done* result = nullptr; ///< null: it was refused before it was submitted
    std::uint64_t rows = 0;
  };

  std::optional<metadata::request_id> infer(const route& r, const asked& what, reply then,
                                            int lookups = defaults::lookups);
  void record(const account& a);
  answer finish(const open_call& c, const actors::done& d);
  answer failed(const open_call& c, const actors::done& d, errc code, std::string_view message);
  answer get(const route& r, std::string_view body);
  answer server_metadata() const;
  answer model_metadata(const std::string& name, const served_model& m) const;
  answer model_configuration(const served_model& m) const;
  answer model_stats(const std::string& name, const served_model& m) const;
  answer all_stats() const;
  answer model_layers(const std::string& name, const served_model& m) const;
  answer index(std::string_view body) const;
  void change_repository(const route& r, std::string_view body, reply then);
  answer stats() const;
  bool ready() const { return !draining_ && runtime_.healthy() && models_.started(); }

  actors::runtime& runtime_;
  catalog& models_;
  poster post_;
  std::unordered_map<metadata::request_id, open_call> open_;
  std::map<counter_key, model_statistics> statistics_;
  metrics metrics_;
  bool log_requests_ = false;
  std::map<std::uint64_t, reply> commands_; ///< loads and unloads under way
  std::uint64_t last_command_ = 0;
  std::uint32_t next_device_ = 0;
  bool draining_ = false;
  clock::time_point begun_ = clock::now();
};

/// The status for an error: 400, 404, 500, 503 or 504.
unsigned status_of(errc code);

} // namespace baton::apps::http
