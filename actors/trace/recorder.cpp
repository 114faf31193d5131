#include "actors/trace/recorder.hpp"

#include <utility>

#include <spdlog/spdlog.h>

namespace baton::actors::trace {

namespace {

std::atomic<std::uint64_t> recorders{0};

/// Where this thread recorded last: found without a lock.
struct last_used {
  std::uint64_t recorder = 0;
  void* ring = nullptr;
};
thread_local last_used mine;

} // namespace

heading names_of(const gpu::machine& m) {
  heading h;
  for (const auto& d : m.domains())
    h.domains.push_back(d->description().name);
  for (const auto& d : m.devices())
    h.devices.push_back({d.name, d.domain, d.lanes + d.urgent_lanes});
  return h;
}

expected<std::unique_ptr<recorder>> recorder::open(const std::filesystem::path& file, heading names,
                                                   std::chrono::steady_clock::time_point zero, std::uint64_t limit) {
  auto refused = [&] { return fail(errc::io, "trace '" + file.string() + "': cannot be written"); };
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  if (!out)
    return refused();
  const auto since_zero = std::chrono::steady_clock::now() - zero;
  names.started = std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch() - since_zero}.count();
  std::unique_ptr<recorder> r(new recorder(std::move(out), file, zero, limit));
  r->out_.raw(magic);
  r->out_(names);
  r->flush();
  if (r->ended_)
    return refused();
  r->thread_ = std::thread([p = r.get()] { p->run(); });
  return r;
}

recorder::recorder(std::ofstream file, std::filesystem::path name, std::chrono::steady_clock::time_point zero,
                   std::uint64_t limit)
    : number_(++recorders), zero_(zero), limit_(limit), name_(std::move(name)), file_(std::move(file)) {}

recorder::~recorder() {
  close();
}

void recorder::close() {
  {
    std::lock_guard guard(mutex_);
    closing_ = true;
  }
  closing_changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

// -- any thread -------------------------------------------------------------------------------------------------------

void recorder::put(const record& r) noexcept {
  if (mine.recorder != number_)
    mine = {number_, ring_of_this_thread()};
  if (mine.ring)
    static_cast<ring_type*>(mine.ring)->push(r);
  else
    homeless_.fetch_add(1, std::memory_order_relaxed);
}

recorder::ring_type* recorder::ring_of_this_thread() {
  std::lock_guard guard(mutex_);
  auto i = sources_.find(std::this_thread::get_id());
  if (i == sources_.end()) {
    if (sources_.size() >= defaults::trace_threads)
      return nullptr;
    i = sources_.emplace(std::this_thread::get_id(), std::make_unique<source>()).first;
  }
  return &i->second->entries;
}

void recorder::add_model(model_id id, const metadata::model& m) {
  model_named named{id, m.name(), {}};
  for (const auto& l : m.layers())
    named.layers.push_back(l.name.substr(0, defaults::trace_text));
  std::lock_guard guard(mutex_);
  models_.push_back(std::move(named));
}

// -- the writing thread -----------------------------------------------------------------------------------------------

void recorder::run() {
  for (bool last = false; !last && !ended_;) {
    {
      std::unique_lock lock(mutex_);
      last = closing_changed_.wait_for(lock, defaults::trace_interval, [this] { return closing_; });
    }
    drain();
    flush();
  }
  if (!ended_)
    end({});
}

void recorder::drain() {
  std::vector<source*> sources;
  std::vector<model_named> models;
  {
    std::lock_guard guard(mutex_);
    for (const auto& [thread, s] : sources_)
      sources.push_back(s.get());
    models.swap(models_);
  }
  for (const auto& m : models) {
    out_.tag(model_tag);
    out_(m);
  }
  if (auto homeless = homeless_.exchange(0); homeless > 0)
    write(entries_dropped{now(), homeless});
  for (auto* s : sources) {
    s->entries.drain([this](const record& r) {
      if (!ended_)
        write(r);
      if (out_.bytes().size() >= defaults::trace_buffer)
        flush();
    });
    if (auto dropped = s->entries.dropped(); dropped > s->dropped)
      write(entries_dropped{now(), dropped - std::exchange(s->dropped, dropped)});
  }
}

void recorder::write(const record& r) {
  out_.tag(static_cast<std::uint8_t>(r.index() + 1));
  std::visit([this](const auto& x) { out_(x); }, r);
}

void recorder::flush() {
  if (ended_ || out_.bytes().empty())
    return;
  if (written_ + out_.bytes().size() > limit_) {
    out_.discard();
    return end("it reached its limit of " + std::to_string(limit_) + " bytes");
  }
  if (!write_out()) {
    spdlog::warn("trace '{}' stops: it could not be written to", name_.string());
    ended_ = true;
  }
}

void recorder::end(const std::string& why) {
  if (!why.empty())
    spdlog::warn("trace '{}' stops: {}", name_.string(), why);
  out_.tag(ended_tag);
  out_(ended{now(), why});
  write_out();
  ended_ = true;
}

bool recorder::write_out() {
  file_.write(out_.bytes().data(), static_cast<std::streamsize>(out_.bytes().size()));
  file_.flush();
  written_ += out_.bytes().size();
  out_.taken();
  return static_cast<bool>(file_);
}

} // namespace baton::actors::trace
