#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "apps/catalog.hpp"

/// What the catalog does on the loader's thread.
namespace baton::apps {

void catalog::load_first() {
  const auto& wanted = options_.at_start;
  for (const auto& name : wanted)
    if (std::none_of(found_.begin(), found_.end(), [&](const auto& m) { return m.name == name; }))
      spdlog::error("model '{}' is not served: it is not in the repository", name);
  for (const auto& m : std::exchange(found_, {})) {
    {
      std::lock_guard guard(mutex_);
      if (stopping_)
        return;
    }
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), m.name) != wanted.end())
      static_cast<void>(load_found(m)); // its state tells
  }
}

void catalog::poll() {
  auto found = scan_repository(options_.load.directory);
  if (!found) {
    spdlog::error("{}", found.error().message);
    return;
  }
  std::vector<std::string> gone;
  {
    std::lock_guard guard(mutex_);
    for (const auto& [name, e] : models_)
      if (std::none_of(found->begin(), found->end(), [&n = name](const auto& m) { return m.name == n; }))
        gone.push_back(name);
  }
  for (const auto& name : gone) {
    static_cast<void>(unload_now(name));
    std::lock_guard guard(mutex_);
    models_.erase(name);
  }
  for (const auto& m : *found)
    if (changed(m))
      static_cast<void>(load_found(m));
}

bool catalog::changed(const found_model& found) const {
  std::lock_guard guard(mutex_);
  auto i = models_.find(found.name);
  if (i == models_.end() || i->second.config_text != found.config_text)
    return true;
  const auto& e = i->second;
  return e.last_problem != found.problem
         || !std::equal(
             e.tried.begin(), e.tried.end(), found.versions.begin(), found.versions.end(),
             [](const auto& known, const auto& v) { return known.first == v.number && known.second.current(); });
}

expected<void> catalog::load_now(const std::string& name) {
  auto found = scan_model(options_.load.directory, name);
  if (!found)
    return tl::unexpected(found.error());
  return load_found(*found);
}

expected<void> catalog::load_found(const found_model& found) {
  entry fresh;
  fresh.config_text = found.config_text;
  fresh.problem = fresh.last_problem = found.problem;
  for (const auto& w : found.config.warnings)
    fresh.warnings.push_back("config.pbtxt: " + w);
  for (const auto& w : fresh.warnings)
    spdlog::warn("model '{}': {}", found.name, w);
  if (!found.problem.empty())
    for (const auto& v : found.versions)
      fresh.versions[v.number] = {nullptr, "UNAVAILABLE", found.problem, {}, {}};
  else
    for (const auto& v : found.versions)
      fresh.versions[v.number] = load_version(found, v);

  std::string failure = found.problem;
  for (const auto& [number, v] : fresh.versions)
    if (failure.empty() && !v.model)
      failure = v.problem;
  if (!failure.empty())
    spdlog::error("model '{}' {}: {}", found.name,
                  fresh.any_ready() ? "is not served in every version" : "is not served", failure);
  publish(found.name, std::move(fresh));
  if (failure.empty())
    return {};
  return fail(errc::bad_model, fmt::format("model '{}': {}", found.name, failure));
}

/// At one stroke. Where nothing of the new can be served, what was served before is.
void catalog::publish(const std::string& name, entry e) {
  std::vector<served> leaving;
  {
    std::lock_guard guard(mutex_);
    auto& now = models_[name];
    for (const auto& [number, v] : e.versions)
      e.tried[number] = v.traces;
    if (!e.any_ready() && now.any_ready()) {
      for (auto& [number, v] : e.versions)
        if (auto& old = now.versions[number]; !old.model)
          old = std::move(v);
      now.config_text = std::move(e.config_text);
      now.last_problem = std::move(e.last_problem);
      now.tried = std::move(e.tried);
      return;
    }
    for (const auto& [number, old] : now.versions) {
      auto same = e.versions.find(number);
      if (old.model && (same == e.versions.end() || same->second.model != old.model))
        leaving.push_back(old.model);
    }
    now = std::move(e);
  }
  remove(leaving);
}

catalog::version_state catalog::load_version(const found_model& found, const found_version& v) {
  {
    std::lock_guard guard(mutex_);
    auto& known = models_[found.name].versions[v.number];
    if (known.model && known.config_text == found.config_text && known.traces.current())
      return known;
    if (!known.model)
      known = {nullptr, "LOADING", "it is being loaded", {}, {}};
  }
  auto begun = std::chrono::steady_clock::now();
  version_state state;
  state.config_text = found.config_text;
  auto loaded = load_model(runtime_, options_.load, found, v, state.traces);
  auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  if (loaded) {
    state.model = std::move(*loaded);
    state.state = "READY";
    spdlog::info("model '{}' version {} is ready: {} layers, {:.2f} s to load", found.name, v.number,
                 state.model->what->layers().size(), took);
  } else {
    state.state = "UNAVAILABLE";
    state.problem = loaded.error().message;
  }
  return state;
}

expected<void> catalog::unload_now(const std::string& name) {
  std::vector<served> leaving;
  auto mark = [&](const char* state, const char* problem) {
    std::lock_guard guard(mutex_);
    auto i = models_.find(name);
    if (i == models_.end())
      return false;
    i->second.state = "UNAVAILABLE";
    i->second.problem = problem;
    for (auto& [number, v] : i->second.versions) {
      if (v.model)
        leaving.push_back(std::move(v.model));
      v = {nullptr, state, problem, {}, {}};
    }
    return true;
  };
  if (!mark("UNLOADING", "it is being unloaded"))
    return fail(errc::not_found, fmt::format("there is no model '{}'", name));
  remove(leaving);
  mark("UNAVAILABLE", "it has been unloaded");
  return {};
}

void catalog::remove(const std::vector<served>& models) {
  for (const auto& m : models) {
    if (auto removed = runtime_.remove_model(m->id, options_.unload_patience); !removed)
      spdlog::warn("model '{}' version {}: {}", m->name, m->version, removed.error().message);
    else
      spdlog::info("model '{}' version {} is unloaded", m->name, m->version);
  }
}

} // namespace baton::apps
