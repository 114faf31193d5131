#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "actors/runtime.hpp"
#include "apps/defaults.hpp"
#include "apps/model_loader.hpp"
#include "apps/repository.hpp"

namespace baton::apps {

/// Who decides which models are loaded after the start.
enum class model_control : std::uint8_t {
  none,         ///< nobody: what is there at the start is served
  by_request,   ///< `load` and `unload`
  by_repository ///< the repository is looked through again and again, and what has changed is loaded and unloaded
};

struct catalog_options {
  load_options load;
  model_control control = model_control::by_request;
  std::vector<std::string> at_start; ///< models to load at first; empty: all
  std::chrono::milliseconds poll_interval = defaults::poll_interval;
  std::chrono::milliseconds unload_patience = defaults::unload_patience;
};

/// The models of a repository, by name and version, as they are served. It changes on its own thread, the loader's, one
/// command after the other, each published at one stroke; everything else may be called from any thread.
class catalog {
public:
  /// Looks through the repository; nothing is loaded yet. Errors: `not_found`, `io` for the repository as a whole.
  /// `into` must outlive the catalog.
  static expected<std::unique_ptr<catalog>> open(actors::runtime& into, catalog_options options);
  /// Gives up what is being loaded (the runtime takes no more models) and joins the loader.
  ~catalog();
  catalog(const catalog&) = delete;
  catalog& operator=(const catalog&) = delete;

  /// Begins to load what is to be loaded at the start, on the loader's thread, which calls `then` when it is done.
  /// Once.
  void start(std::function<void()> then = {});
  /// What is to be loaded at the start has been loaded, or cannot be.
  bool started() const;
  void wait_started() const;

  /// The model of that name; without a version the latest that is ready. Errors: `not_found`; `unavailable` with the
  /// reason, if it is there and not ready.
  expected<served> find(std::string_view name, std::string_view version = {}) const;
  /// All versions that are ready, ascending.
  std::vector<std::int64_t> versions(std::string_view name) const;

  struct line {
    std::string name;
    std::optional<std::int64_t> version; ///< nothing where no version could be found
    std::string state;                   ///< READY, LOADING, UNLOADING or UNAVAILABLE
    std::string reason;                  ///< why it is not ready, or which fields of its configuration have no effect
  };
  /// Every model and version, in that order.
  std::vector<line> index() const;

  /// Called once, on the loader's thread or before the call returns, when the command has been carried out.
  using callback = std::function<void(expected<void>)>;
  /// Reads folder and configuration (again) and serves what is there now; versions that have not changed serve on. If
  /// none of it can be loaded, what was served before is. Errors, by `done`: `not_found`, `bad_model` and those of
  /// `runtime::add_model`; `overloaded`; `bad_argument` if the catalog is not controlled by requests.
  void load(std::string name, callback done);
  /// Takes the model out of the catalog, lets open requests end, frees its memory. Errors, by `done`: `not_found`,
  /// `overloaded`, `bad_argument`.
  void unload(std::string name, callback done);

private:
  struct version_state {
    served model; ///< null: not ready
    std::string state, problem;
    load_traces traces;
    std::string config_text;
  };
  struct entry {
    std::map<std::int64_t, version_state> versions;
    std::string state = "UNAVAILABLE", problem; ///< where there is no version
    std::string config_text, last_problem;      ///< as the last load found them
    std::vector<std::string> warnings;
    std::map<std::int64_t, load_traces> tried; ///< what the last load found
    bool any_ready() const;
  };
  struct command {
    std::function<expected<void>()> what;
    callback done;
  };
  using book = std::map<std::string, entry, std::less<>>;

  catalog(actors::runtime& into, catalog_options options);
  void enqueue(std::function<expected<void>()> what, callback done);
  void work();
  void load_first();
  void poll();
  expected<void> load_now(const std::string& name);
  expected<void> load_found(const found_model& found);
  version_state load_version(const found_model& found, const found_version& v);
  expected<void> unload_now(const std::string& name);
  void remove(const std::vector<served>& models);
  bool changed(const found_model& found) const;
  void announce(const found_model& found);
  void publish(const std::string& name, entry e);

  actors::runtime& runtime_;
  catalog_options options_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  book models_;
  std::vector<found_model> found_; ///< at the start
  std::deque<command> commands_;
  bool started_ = false, stopping_ = false;
  std::thread loader_;
};

} // namespace baton::apps
