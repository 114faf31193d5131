#pragma once

#include <cstdint>
#include <span>

#include "metadata/error.hpp"
#include "scheduling/task.hpp"

namespace baton::scheduling {

/// One thing that a lane or a link did.
struct work_record {
  enum class kind : std::uint8_t { compute, transfer, load, plan, eviction };
  kind what = kind::compute;
  std::span<const request_id> requests; ///< of the batch, while it is told; none of a load, plan or eviction
  std::span<const std::uint32_t>
      behind;                   ///< likewise, of compute: by how many parts a request was behind first and last
  std::uint32_t model = 0;      ///< among the models of the run
  position first;               ///< where it began, and, of a transfer, where the task is
  position last;                ///< behind its last part
  device_id device = no_device; ///< of all but transfers
  lane_id lane;
  domain_id from = no_domain; ///< of a transfer, load or eviction
  domain_id to = no_domain;   ///< of a transfer or load
  std::uint64_t bytes = 0;
  time_point start{};
  time_point end{};
};

/// How a request ended.
struct request_record {
  request_id request;
  std::uint32_t model = 0; ///< among the models of the run
  std::uint32_t rows = 1;
  std::int32_t priority = 0;
  time_point arrival{};
  time_point deadline = never;
  time_point end{};
  errc failure = errc::none; ///< none: it has a result
  device_id device = no_device;
  phases spent;
  detours taken;

  bool in_time() const { return failure == errc::none && end <= deadline; }
};

/// Who is told what happens from time 0 on, in the order of the ends; what makes everything warm comes before.
class observer {
public:
  virtual ~observer() = default;
  virtual void worked(const work_record& /*w*/) {}
  virtual void ended(const request_record& /*r*/) {}
};

} // namespace baton::scheduling
