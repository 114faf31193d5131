#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "metadata/model.hpp"

namespace baton::actors {

/// The models there are, by id; several may have one name. Thread-safe.
class model_table {
public:
  using handle = std::shared_ptr<const metadata::model>;

  metadata::model_id add(handle m);
  /// It may be asked for from now on.
  void publish(metadata::model_id id);
  /// It may not be asked for any more; null if it was not to be asked for.
  handle unpublish(metadata::model_id id);
  void remove(metadata::model_id id);

  /// Published or not: jobs look here.
  handle find(metadata::model_id id) const;
  /// Null if it is not there or may not be asked for.
  handle find_published(metadata::model_id id) const;

private:
  struct entry {
    handle model;
    bool published = false;
  };
  mutable std::mutex mutex_;
  std::map<metadata::model_id, entry> models_;
  std::uint32_t last_id_ = 0;
};

} // namespace baton::actors
