#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "metadata/tensor.hpp"
#include "scheduling/protocol.hpp"

namespace baton::actors {

/// A request as the handle behind its id. The controller owns it; workers and transfers in the head's process look it
/// up once per hand-over. Inputs are immutable from `submit` on.
struct request_record {
  metadata::request_id id;
  metadata::model_id model_number;
  std::vector<metadata::tensor> inputs; ///< in the model's input order, canonical
  std::atomic<bool> cancelled{false};   ///< looked at between the chunks of a copy

  std::size_t input_bytes() const;

  /// Results by attempt, written once by whoever finishes the attempt, before it says `finished`.
  void put_outputs(metadata::attempt_number attempt, std::vector<metadata::tensor> outputs,
                   std::vector<metadata::duration> layer_time);
  struct result {
    std::vector<metadata::tensor> outputs;
    std::vector<metadata::duration> layer_time;
  };
  /// @pre `put_outputs` of that attempt has happened.
  result take_outputs(metadata::attempt_number attempt);

private:
  std::mutex mutex_;
  std::map<metadata::attempt_number, result> results_;
};

/// The requests that are open, by id. Thread-safe.
class request_table {
public:
  void add(std::shared_ptr<request_record> r);
  std::shared_ptr<request_record> find(metadata::request_id id) const;
  /// Removes it; null if it is not there. Of several callers one gets it: the one that ends the request.
  std::shared_ptr<request_record> take(metadata::request_id id);
  /// Removes and returns any; null when there is none.
  std::shared_ptr<request_record> take_any();
  std::size_t size() const;
  /// True when no request of the model is open within `timeout`.
  bool wait_none_of(metadata::model_id m, std::chrono::milliseconds timeout);
  /// `wait_none_of` looks, but does not wait, from now on.
  void stop_waiting();

private:
  using book = std::map<metadata::request_id, std::shared_ptr<request_record>>;
  std::shared_ptr<request_record> close(book::iterator i);

  mutable std::mutex mutex_;
  std::condition_variable none_left_; ///< of some model
  book open_;
  std::map<metadata::model_id, std::size_t> by_model_; ///< how many of each that has any
  bool stopped_ = false;
};

} // namespace baton::actors
