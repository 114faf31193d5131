#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metadata/model.hpp"

namespace baton::actors {

/// The models there are, by id and, once they serve, by name. Thread-safe.
class model_table {
public:
  using handle = std::shared_ptr<const metadata::model>;

  /// Gives it an id and keeps its name. Errors: `bad_argument` if the name is taken.
  expected<metadata::model_id> add(handle m);
  /// It may be asked for from now on.
  void publish(metadata::model_id id);
  void remove(metadata::model_id id);

  /// Published or not: jobs look here.
  handle find(metadata::model_id id) const;
  std::optional<std::pair<metadata::model_id, handle>> find_published(const std::string& name) const;
  std::vector<std::string> published_names() const;

private:
  struct entry {
    handle model;
    bool published = false;
  };
  mutable std::mutex mutex_;
  std::map<metadata::model_id, entry> models_;
  std::map<std::string, metadata::model_id> names_;
  std::uint32_t last_id_ = 0;
};

} // namespace baton::actors
