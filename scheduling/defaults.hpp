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
/// How long before a lane becomes free the next task is given to its device: as long as inputs of half a megabyte take
/// over PCIe 3 x16, and some for messages.
inline constexpr std::chrono::microseconds ahead{80};
/// What it costs to take a task over from another device: its values' way, and what was issued there.
inline constexpr std::chrono::microseconds take_over{150};
/// A running task is taken over for no less: predictions are not better than that.
inline constexpr std::chrono::microseconds least_gain{20};
/// No device is left free for what may come only if fewer requests than that are expected to be late for it.
inline constexpr std::int64_t most_late_millionths = 2'000;
/// How often it is looked at once more whether a running task should end elsewhere: about a layer.
inline constexpr std::chrono::microseconds look_again{100};
/// Requests that may begin ahead of an earlier one because they collide less with what runs: enough to find a partner
/// among what comes mixed.
inline constexpr std::uint64_t passed_over = 64;
/// Slowdowns that differ by less are equal, per mille; a lane more is used for no less.
inline constexpr std::int64_t near_equal = 50;
/// Steps of a cell that a batch does before others may join it. A worker has two segments in flight and one more that
/// waits, so a newcomer joins after about six; BatchMaker (Gao and others, EuroSys 2018) submits five at a time.
inline constexpr std::uint32_t steps_at_once = 2;
/// Attempts of a request in all: one retry; more would let a poisonous request kill worker after worker.
inline constexpr std::uint32_t attempts = 2;
/// Tasks that may wait at the scheduler; beyond it new ones are refused as `overloaded`.
inline constexpr std::size_t waiting_tasks = 1024;
/// Plans per (domain, model): shapes beyond it are refused.
inline constexpr std::size_t shapes_per_model = 256;
/// How many times as long as its loading took a model for which tasks wait stays before it may be evicted: so no more
/// than a fifth of a device's time is spent on loading.
inline constexpr std::int64_t stay_per_loading = 4;
/// An idle device loads a model for whose work elsewhere tasks would wait so many times as long as that takes.
inline constexpr std::int64_t waits_per_loading = 2;
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

// Bounds of what an emulation is described by: far beyond any use, small enough that a mistake costs neither memory nor
// time.
/// Domains of a cluster (its table of links has the square of it), and lanes of a device.
inline constexpr std::size_t most_domains = 1024;
inline constexpr std::uint32_t most_lanes = 8;
/// Of a link.
inline constexpr std::chrono::hours longest_latency{1};
/// What a device's latencies may be multiplied by.
inline constexpr double least_latency_scale = 0.001;
inline constexpr double most_latency_scale = 1000;
/// Clients of a closed loop, samples of a query.
inline constexpr std::uint32_t most_clients = 1'000'000;
inline constexpr std::uint32_t most_samples = 10'000'000;
/// Invocations of all functions of a trace in one minute: the requests of a minute are made at a time.
inline constexpr std::int64_t most_invocations = 10'000'000;
inline constexpr std::uint32_t minutes_a_day = 1440;
/// A mean interval between requests, a client's thinking.
inline constexpr std::chrono::hours longest_interval{365 * 24};
/// Turns of asking and silence in a mean interval: each takes a step.
inline constexpr std::int64_t most_phases = 1'000'000;
/// Coefficients of variation: below, a fixed interval is meant; above, samples are 0 or beyond all time.
inline constexpr double least_cv = 0.01;
inline constexpr double most_cv = 100;
/// What a copy between host and GPU takes before the first byte: of 4,000 bytes, measured_times.cpp has 1 to 18 us.
inline constexpr std::chrono::microseconds host_link_latency{10};
/// Of a peer over NVLink: a copy that no host's memory takes part in.
inline constexpr std::chrono::microseconds peer_link_latency{5};

/// Most rows that a policy may be asked to make one task of, and the longest window, in microseconds.
inline constexpr std::int64_t most_rows_joined = 256;
inline constexpr std::int64_t longest_window_us = 60'000'000;

} // namespace baton::scheduling::defaults
