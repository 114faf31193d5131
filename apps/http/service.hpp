#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "actors/runtime.hpp"
#include "apps/catalog.hpp"
#include "apps/http/infer_codec.hpp"
#include "apps/http/router.hpp"
#include "apps/metrics.hpp"

namespace baton::apps::http {

/// What the server does, without sockets: requests in, answers out. All calls on the server's thread.
class service {
public:
  using reply = std::function<void(answer)>;

  /// Both must outlive the service.
  service(actors::runtime& runtime, const catalog& models);

  /// Answers through `then`, exactly once: before this returns, or, if an id is returned, when the inference has ended.
  std::optional<metadata::request_id> handle(std::string_view method, std::string_view target, std::string_view body,
                                             reply then);
  /// The client is gone: its answer (it still comes) interests nobody.
  void cancel(metadata::request_id id);
  /// Hands out what has come from the runtime.
  void deliver_results();
  /// From now on inference is refused with 503 and the server is not ready.
  void begin_drain() { draining_ = true; }
  /// Forgets what is open without answering.
  void abandon() { open_.clear(); }
  std::size_t open() const { return open_.size(); }
  /// Logs each inference at level info; at debug otherwise.
  void log_requests(bool yes) { log_requests_ = yes; }
  /// Where sessions count connections and answers.
  metrics& measured() { return metrics_; }

private:
  struct open_call {
    infer_call call;
    const served_model* model;
    reply then;
  };
  /// An inference that has got its answer.
  struct account {
    std::string_view model;              ///< as the client calls it
    std::optional<std::int64_t> version; ///< none: there is no such model
    std::optional<std::string> id;       ///< the client's
    errc failure = errc::none;
    std::string_view message;             ///< of the failure
    const actors::done* result = nullptr; ///< null: it was refused before it was submitted
    std::uint64_t rows = 0;
  };
  struct model_counters {
    std::uint64_t succeeded = 0, failed = 0;
    std::uint64_t inferences = 0; ///< rows of those that succeeded
    metadata::duration total{};
    metadata::duration busy{};
  };

  std::optional<metadata::request_id> infer(const route& r, std::string_view body, reply then);
  void record(const account& a);
  answer finish(const open_call& c, const actors::done& d);
  answer get(const route& r);
  answer server_metadata() const;
  answer model_metadata(const std::string& name, const served_model& m) const;
  answer model_stats(const std::string& name, const served_model& m) const;
  answer model_layers(const std::string& name, const served_model& m) const;
  answer index() const;
  answer stats() const;
  bool ready() const { return !draining_ && runtime_.healthy(); }

  actors::runtime& runtime_;
  const catalog& models_;
  std::map<metadata::request_id, open_call> open_;
  std::map<std::string, model_counters, std::less<>> counters_;
  metrics metrics_;
  bool log_requests_ = false;
  std::uint32_t next_device_ = 0;
  bool draining_ = false;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// The status for an error: 400, 404, 500, 503 or 504.
unsigned status_of(errc code);

} // namespace baton::apps::http
