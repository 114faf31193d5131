#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "actors/device_meter.hpp"
#include "actors/done_queue.hpp"
#include "actors/model_table.hpp"
#include "actors/notice_board.hpp"
#include "actors/registry.hpp"
#include "actors/request_gate.hpp"
#include "actors/request_record.hpp"
#include "actors/trace/recorder.hpp"
#include "gpu/device.hpp"
#include "scheduling/cluster.hpp"

namespace baton::actors {

/// What the actors of one process share: handles behind ids, and the queues and boards to foreign threads. Every part
/// is thread-safe or constant once the actors run.
struct context {
  context(std::unique_ptr<gpu::machine> m, std::size_t max_open_requests, std::size_t max_open_bytes);

  /// A fresh device object; for the thread that will own it.
  expected<std::unique_ptr<gpu::device>> open_device(metadata::device_id d);
  const gpu::device_description& description(metadata::device_id d) const { return machine->devices()[d.value]; }
  registry& registry_of(metadata::domain_id d) { return *registries[d.value]; }

  std::unique_ptr<gpu::machine> machine;
  std::shared_ptr<const scheduling::cluster> devices;
  metadata::duration quantum = scheduling::defaults::quantum;
  bool detached = true;                          ///< workers and transfers have threads of their own (not in tests)
  std::chrono::steady_clock::time_point epoch{}; ///< time zero; set before the house is opened

  std::unique_ptr<trace::recorder> tracer; ///< null: messages leave no trace

  /// Set before the requests it left are ended; who adds a request later must look here.
  std::atomic<bool> controller_died{false};

  model_table models;
  request_table requests;
  request_gate gate;
  done_queue results;
  notice_board board;
  std::vector<device_meter> meters;                  ///< by device
  std::vector<std::unique_ptr<registry>> registries; ///< by domain

private:
  std::mutex opening_;
};

} // namespace baton::actors
