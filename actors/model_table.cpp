#include "actors/model_table.hpp"

#include <utility>

namespace baton::actors {

metadata::model_id model_table::add(handle m) {
  std::lock_guard guard(mutex_);
  metadata::model_id id{++last_id_};
  models_[id] = {std::move(m), false};
  return id;
}

void model_table::publish(metadata::model_id id) {
  std::lock_guard guard(mutex_);
  if (auto i = models_.find(id); i != models_.end())
    i->second.published = true;
}

model_table::handle model_table::unpublish(metadata::model_id id) {
  std::lock_guard guard(mutex_);
  auto i = models_.find(id);
  return i != models_.end() && std::exchange(i->second.published, false) ? i->second.model : nullptr;
}

void model_table::remove(metadata::model_id id) {
  std::lock_guard guard(mutex_);
  models_.erase(id);
}

model_table::handle model_table::find(metadata::model_id id) const {
  std::lock_guard guard(mutex_);
  auto i = models_.find(id);
  return i == models_.end() ? nullptr : i->second.model;
}

model_table::handle model_table::find_published(metadata::model_id id) const {
  std::lock_guard guard(mutex_);
  auto i = models_.find(id);
  return i != models_.end() && i->second.published ? i->second.model : nullptr;
}

} // namespace baton::actors
