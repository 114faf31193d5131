#include "actors/request_record.hpp"

#include <utility>

namespace baton::actors {

std::size_t request_record::input_bytes() const {
  return metadata::bytes_of(inputs);
}

void request_record::put_outputs(metadata::attempt_number attempt, std::vector<metadata::tensor> outputs,
                                 std::vector<metadata::duration> layer_time) {
  std::lock_guard guard(mutex_);
  results_.insert_or_assign(attempt, result{std::move(outputs), std::move(layer_time)});
}

request_record::result request_record::take_outputs(metadata::attempt_number attempt) {
  std::lock_guard guard(mutex_);
  auto i = results_.find(attempt);
  if (i == results_.end())
    return {};
  auto r = std::move(i->second);
  results_.erase(i);
  return r;
}

void request_table::add(std::shared_ptr<request_record> r) {
  std::lock_guard guard(mutex_);
  auto id = r->id;
  auto model = r->model_number;
  if (open_.try_emplace(id, std::move(r)).second)
    ++by_model_[model];
}

std::shared_ptr<request_record> request_table::find(metadata::request_id id) const {
  std::lock_guard guard(mutex_);
  auto i = open_.find(id);
  return i == open_.end() ? nullptr : i->second;
}

std::shared_ptr<request_record> request_table::take(metadata::request_id id) {
  std::lock_guard guard(mutex_);
  auto i = open_.find(id);
  return i == open_.end() ? nullptr : close(i);
}

std::shared_ptr<request_record> request_table::take_any() {
  std::lock_guard guard(mutex_);
  return open_.empty() ? nullptr : close(open_.begin());
}

std::shared_ptr<request_record> request_table::close(book::iterator i) {
  auto r = std::move(i->second);
  open_.erase(i);
  auto count = by_model_.find(r->model_number);
  if (--count->second == 0) {
    by_model_.erase(count);
    none_left_.notify_all();
  }
  return r;
}

bool request_table::wait_none_of(metadata::model_id m, std::chrono::milliseconds timeout) {
  std::unique_lock guard(mutex_);
  none_left_.wait_for(guard, timeout, [&] { return stopped_ || !by_model_.contains(m); });
  return !by_model_.contains(m);
}

void request_table::stop_waiting() {
  std::lock_guard guard(mutex_);
  stopped_ = true;
  none_left_.notify_all();
}

std::size_t request_table::size() const {
  std::lock_guard guard(mutex_);
  return open_.size();
}

} // namespace baton::actors
