#include "actors/notice_board.hpp"

#include <algorithm>
#include <utility>

namespace baton::actors {

void notice_board::put_counters(const scheduling::engine_counters& c, std::size_t waiting) {
  std::lock_guard guard(mutex_);
  counters_ = c;
  waiting_ = waiting;
}

scheduling::engine_counters notice_board::counters() const {
  std::lock_guard guard(mutex_);
  return counters_;
}

std::size_t notice_board::waiting_tasks() const {
  std::lock_guard guard(mutex_);
  return waiting_;
}

void notice_board::put_model_ready(const scheduling::model_ready& r) {
  std::lock_guard guard(mutex_);
  ready_.insert_or_assign(r.model, r);
  changed_.notify_all();
}

std::optional<scheduling::model_ready> notice_board::wait_model_ready(metadata::model_id m,
                                                                      std::chrono::milliseconds timeout) {
  std::unique_lock guard(mutex_);
  changed_.wait_for(guard, timeout, [&] { return ready_.contains(m) || vital_death_ || stopped_; });
  auto node = ready_.extract(m);
  return node ? std::optional{std::move(node.mapped())} : std::nullopt;
}

void notice_board::put_model_gone(metadata::model_id m, std::shared_ptr<model_remains> what) {
  std::lock_guard guard(mutex_);
  ready_.erase(m);
  if (unwaited_.erase(m) == 0)
    gone_.insert_or_assign(m, std::move(what));
  changed_.notify_all();
}

std::shared_ptr<model_remains> notice_board::wait_model_gone(metadata::model_id m, std::chrono::milliseconds timeout) {
  std::unique_lock guard(mutex_);
  changed_.wait_for(guard, timeout, [&] { return gone_.contains(m) || vital_death_ || stopped_; });
  if (auto node = gone_.extract(m))
    return std::move(node.mapped());
  unwaited_.insert(m);
  return nullptr;
}

void notice_board::stop_waiting() {
  std::lock_guard guard(mutex_);
  stopped_ = true;
  changed_.notify_all();
}

bool notice_board::waiting() const {
  std::lock_guard guard(mutex_);
  return !vital_death_ && !stopped_;
}

void notice_board::put_serving(metadata::device_id d, bool serving) {
  std::lock_guard guard(mutex_);
  devices_.at(d.value).serving = serving;
  changed_.notify_all();
}

void notice_board::put_failure(metadata::device_id d, std::string why) {
  std::lock_guard guard(mutex_);
  devices_.at(d.value).failure = std::move(why);
  changed_.notify_all();
}

expected<void> notice_board::wait_all_serving(std::chrono::milliseconds timeout) {
  std::unique_lock guard(mutex_);
  auto failed = [](const device_state& d) { return !d.failure.empty(); };
  auto all = [this] { return std::all_of(devices_.begin(), devices_.end(), [](auto& d) { return d.serving; }); };
  changed_.wait_for(guard, timeout,
                    [&] { return vital_death_ || all() || std::any_of(devices_.begin(), devices_.end(), failed); });
  if (auto d = std::find_if(devices_.begin(), devices_.end(), failed); d != devices_.end())
    return fail(errc::device_failed, d->failure);
  if (vital_death_)
    return fail(errc::internal, *vital_death_);
  if (!all())
    return fail(errc::unavailable, "the devices were not attached in time");
  return {};
}

bool notice_board::put_vital_death(std::string why) {
  std::lock_guard guard(mutex_);
  if (vital_death_)
    return false;
  vital_death_ = std::move(why);
  changed_.notify_all();
  return true;
}

bool notice_board::healthy() const {
  std::lock_guard guard(mutex_);
  return !vital_death_ && std::any_of(devices_.begin(), devices_.end(), [](auto& d) { return d.serving; });
}

} // namespace baton::actors
