#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every tunable of this folder.
namespace baton::scheduling::defaults {

/// About how long a worker computes between two looks at its mailbox: short against a request, long against a message.
inline constexpr std::chrono::microseconds quantum{500};
/// Predicted work that may stand in line at a device: enough that the end of a short task costs nobody a round trip
/// through the scheduler, and less than a segment, so that what stands there could hardly start sooner elsewhere.
inline constexpr std::chrono::microseconds backlog{200};
/// Attempts of a request in all: one retry; more would let a poisonous request kill worker after worker.
inline constexpr std::uint32_t attempts = 2;
/// Tasks that may wait at the scheduler; beyond it new ones are refused as `overloaded`.
inline constexpr std::size_t waiting_tasks = 1024;
/// Plans per (domain, model): shapes beyond it are refused, since nothing evicts plans yet.
inline constexpr std::size_t shapes_per_model = 256;
/// Restarts of a device's worker in a row; then it stays out of service.
inline constexpr std::uint32_t worker_restarts = 100;
/// Tries of a job: a plan whose building killed two workers is given up.
inline constexpr std::uint32_t job_attempts = 2;
/// A plan for which memory was short is built again for a request that comes after that: others may have ended by then.
inline constexpr std::chrono::seconds memory_retry{5};
/// A worker that has lived that long counts as sound again: its device's restarts begin anew.
inline constexpr std::chrono::minutes sound_worker{10};
/// Refusals of a waiting task by its receivers; then it ends with their reason.
inline constexpr std::uint32_t refusals_per_task = 4;
/// Task ids whose last epoch a worker remembers, to refuse a stale accept.
inline constexpr std::size_t remembered_epochs = 1024;
/// In an emulation: tasks that may wait, and segments in flight per lane, as on a GPU.
inline constexpr std::size_t emulated_waiting_tasks = 10'000'000;
inline constexpr std::uint32_t emulated_in_flight = 2;

} // namespace baton::scheduling::defaults
