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

namespace baton::apps::http {

/// What the server does, without sockets: requests in, answers out. All calls on the server's thread.
class service {
public:
  using reply = std::function<void(answer)>;

  /// Runs work on the server's thread, soon; from any thread. Does nothing once the server is gone.
  using poster = std::function<void(std::function<void()>)>;

  /// Runtime and catalog must outlive the service.
  service(actors::runtime& runtime, catalog& models, poster post);

  /// Answers through `then`, exactly once: before this returns, or later: if an id is returned, when
  /// the inference has ended, else when the model is loaded or unloaded.
  std::optional<metadata::request_id> handle(std::string_view method, std::string_view target, std::string_view body,
                                             reply then);
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

private:
  struct open_call {
    infer_call call;
    served model;
    reply then;
  };
  struct model_counters {
    std::uint64_t succeeded = 0, failed = 0;
    std::uint64_t inferences = 0; ///< rows of those that succeeded
    metadata::duration total{};
    metadata::duration busy{};
  };

  std::optional<metadata::request_id> infer(const route& r, std::string_view body, reply then);
  answer finish(const open_call& c, const actors::done& d);
  answer get(const route& r, std::string_view body);
  answer server_metadata() const;
  answer model_metadata(const std::string& name, const served_model& m) const;
  answer model_configuration(const served_model& m) const;
  answer model_stats(const std::string& name, const served_model& m) const;
  answer model_layers(const std::string& name, const served_model& m) const;
  answer index(std::string_view body) const;
  void change_repository(const route& r, std::string_view body, reply then);
  answer stats() const;
  bool ready() const { return !draining_ && runtime_.healthy() && models_.started(); }

  actors::runtime& runtime_;
  catalog& models_;
  poster post_;
  std::map<metadata::request_id, open_call> open_;
  std::map<std::string, model_counters, std::less<>> counters_;
  std::map<std::uint64_t, reply> commands_; ///< loads and unloads under way
  std::uint64_t last_command_ = 0;
  std::uint32_t next_device_ = 0;
  bool draining_ = false;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// The status for an error: 400, 404, 500, 503 or 504.
unsigned status_of(errc code);

} // namespace baton::apps::http
