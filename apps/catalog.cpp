#include "apps/catalog.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace baton::apps {

namespace {

std::string listed(const std::vector<std::int64_t>& numbers) {
  return fmt::format("{}", fmt::join(numbers, ", "));
}

} // namespace

bool catalog::entry::any_ready() const {
  return std::any_of(versions.begin(), versions.end(), [](const auto& v) { return v.second.model != nullptr; });
}

catalog::catalog(actors::runtime& into, catalog_options options) : runtime_(into), options_(std::move(options)) {}

expected<std::unique_ptr<catalog>> catalog::open(actors::runtime& into, catalog_options options) {
  auto found = scan_repository(options.load.directory);
  if (!found)
    return tl::unexpected(found.error());
  std::unique_ptr<catalog> c{new catalog{into, std::move(options)}};
  for (const auto& m : *found)
    c->announce(m);
  c->found_ = std::move(*found);
  return c;
}

/// Puts a model into the index before it is loaded.
void catalog::announce(const found_model& found) {
  const auto& wanted = options_.at_start;
  bool comes = wanted.empty() || std::find(wanted.begin(), wanted.end(), found.name) != wanted.end();
  entry e;
  e.problem = comes ? "it is being loaded" : "it has not been asked for (--load)";
  e.state = comes ? "LOADING" : "UNAVAILABLE";
  for (const auto& v : found.versions)
    e.versions[v.number] = {nullptr, e.state, e.problem, {}, {}};
  models_[found.name] = std::move(e);
}

catalog::~catalog() {
  {
    std::lock_guard guard(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  runtime_.stop_waiting();
  if (loader_.joinable())
    loader_.join();
  for (auto& c : commands_)
    c.done(fail(errc::unavailable, "the server is shutting down"));
}

void catalog::start(std::function<void()> then) {
  loader_ = std::thread{[this, then = std::move(then)] {
    load_first();
    {
      std::lock_guard guard(mutex_);
      if (stopping_)
        return;
      started_ = true;
      changed_.notify_all();
    }
    if (then)
      then();
    work();
  }};
}

bool catalog::started() const {
  std::lock_guard guard(mutex_);
  return started_;
}

void catalog::wait_started() const {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [this] { return started_ || stopping_; });
}

// -- reading ----------------------------------------------------------------------------------------------------------

expected<served> catalog::find(std::string_view name, std::string_view version) const {
  std::lock_guard guard(mutex_);
  auto i = models_.find(name);
  if (i == models_.end())
    return fail(errc::not_found, fmt::format("there is no model '{}'", name));
  const auto& e = i->second;
  if (version.empty()) {
    const std::string* why = &e.problem;
    for (auto v = e.versions.rbegin(); v != e.versions.rend(); ++v) {
      if (v->second.model)
        return v->second.model;
      if (v == e.versions.rbegin())
        why = &v->second.problem;
    }
    return fail(errc::unavailable, fmt::format("model '{}' is not ready: {}", name, *why));
  }
  std::vector<std::int64_t> there;
  for (const auto& [number, v] : e.versions) {
    there.push_back(number);
    if (std::to_string(number) != version)
      continue;
    if (v.model)
      return v.model;
    return fail(errc::unavailable, fmt::format("model '{}' version {} is not ready: {}", name, number, v.problem));
  }
  return fail(errc::not_found, fmt::format("model '{}' has no version '{}', it has {}", name, version,
                                           there.empty() ? "none" : listed(there)));
}

std::vector<std::int64_t> catalog::versions(std::string_view name) const {
  std::lock_guard guard(mutex_);
  std::vector<std::int64_t> ready;
  if (auto i = models_.find(name); i != models_.end())
    for (const auto& [number, v] : i->second.versions)
      if (v.model)
        ready.push_back(number);
  return ready;
}

std::vector<catalog::line> catalog::index() const {
  std::lock_guard guard(mutex_);
  std::vector<line> lines;
  for (const auto& [name, e] : models_) {
    if (e.versions.empty())
      lines.push_back({name, std::nullopt, e.state, e.problem});
    for (const auto& [number, v] : e.versions)
      lines.push_back({name, number, v.state, v.model ? fmt::format("{}", fmt::join(e.warnings, "; ")) : v.problem});
  }
  return lines;
}

// -- commands ---------------------------------------------------------------------------------------------------------

void catalog::load(std::string name, callback done) {
  enqueue([this, name = std::move(name)] { return load_now(name); }, std::move(done));
}

void catalog::unload(std::string name, callback done) {
  enqueue([this, name = std::move(name)] { return unload_now(name); }, std::move(done));
}

void catalog::enqueue(std::function<expected<void>()> what, callback done) {
  error refusal{errc::bad_argument, "this server's models are not controlled by requests (--model-control)"};
  if (options_.control == model_control::by_request) {
    std::lock_guard guard(mutex_);
    if (commands_.size() < defaults::load_commands && !stopping_) {
      commands_.push_back({std::move(what), std::move(done)});
      changed_.notify_all();
      return;
    }
    if (commands_.size() >= defaults::load_commands)
      refusal = {errc::overloaded, fmt::format("{} models wait to be loaded or unloaded already", commands_.size())};
    else
      refusal = {errc::unavailable, "the server is shutting down"};
  }
  done(tl::unexpected(std::move(refusal)));
}

void catalog::work() {
  std::unique_lock guard(mutex_);
  while (!stopping_) {
    auto due = [this] { return stopping_ || !commands_.empty(); };
    if (options_.control != model_control::by_repository) {
      changed_.wait(guard, due);
    } else if (!changed_.wait_for(guard, options_.poll_interval, due)) {
      guard.unlock();
      poll();
      guard.lock();
    }
    if (stopping_ || commands_.empty())
      continue;
    auto next = std::move(commands_.front());
    commands_.pop_front();
    guard.unlock();
    auto result = next.what();
    next.done(std::move(result));
    guard.lock();
  }
}

} // namespace baton::apps
