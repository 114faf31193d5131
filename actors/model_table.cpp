#include "actors/model_table.hpp"

namespace baton::actors {

expected<metadata::model_id> model_table::add(handle m) {
  std::lock_guard guard(mutex_);
  metadata::model_id id{last_id_ + 1};
  if (!names_.try_emplace(m->name(), id).second)
    return fail(errc::bad_argument, "model '" + m->name() + "': a model of this name is there already");
  last_id_ = id.value;
  models_[id] = {std::move(m), false};
  return id;
}

void model_table::publish(metadata::model_id id) {
  std::lock_guard guard(mutex_);
  if (auto i = models_.find(id); i != models_.end())
    i->second.published = true;
}

void model_table::remove(metadata::model_id id) {
  std::lock_guard guard(mutex_);
  auto node = models_.extract(id);
  if (node)
    names_.erase(node.mapped().model->name());
}

model_table::handle model_table::find(metadata::model_id id) const {
  std::lock_guard guard(mutex_);
  auto i = models_.find(id);
  return i == models_.end() ? nullptr : i->second.model;
}

std::optional<std::pair<metadata::model_id, model_table::handle>>
model_table::find_published(const std::string& name) const {
  std::lock_guard guard(mutex_);
  auto id = names_.find(name);
  if (id == names_.end())
    return std::nullopt;
  const auto& found = models_.at(id->second);
  if (!found.published)
    return std::nullopt;
  return std::pair{id->second, found.model};
}

std::vector<std::string> model_table::published_names() const {
  std::lock_guard guard(mutex_);
  std::vector<std::string> names;
  for (const auto& [name, id] : names_)
    if (models_.at(id).published)
      names.push_back(name);
  return names;
}

} // namespace baton::actors
