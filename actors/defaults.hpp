#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every tunable of this folder.
namespace baton::actors::defaults {

/// Threads for controller and scheduler; workers and transfers have their own. With one, what both are sent (each end
/// of a task) wakes one thread, not two: fewer context switches per request, see docs/performance.md.
inline constexpr std::size_t scheduled_threads = 1;
/// Messages a scheduled actor handles before it lets the other one run.
inline constexpr std::size_t messages_per_turn = 16;
/// Written to the engine log at once: some hundred entries.
inline constexpr std::size_t engine_log_buffer = std::size_t{64} * 1024;
/// Oldest entry not yet in the engine log's file, while events arrive.
inline constexpr std::chrono::milliseconds engine_log_flush{200};
/// The engine log stops with a marker here: some million requests.
inline constexpr std::uint64_t engine_log_limit = std::uint64_t{1} << 30;
/// Entries of one thread that may wait for the trace's writer: more than the busiest thread records between two looks.
inline constexpr std::size_t trace_ring = 8192;
/// Threads that may record, each with a ring of some hundred KiB.
inline constexpr std::size_t trace_threads = 256;
/// Between two looks of the trace's writer; what a killed process loses.
inline constexpr std::chrono::milliseconds trace_interval{10};
/// Written to the trace at once.
inline constexpr std::size_t trace_buffer = std::size_t{64} * 1024;
/// The trace stops with a marker here: some ten million entries, as much as a browser can show.
inline constexpr std::uint64_t trace_limit = std::uint64_t{256} << 20;
/// Of a layer's name in the trace, bytes.
inline constexpr std::size_t trace_text = 256;
/// All devices must be attached by then.
inline constexpr std::chrono::seconds start_timeout{30};
/// The controller must have ended what is open by then, when the runtime stops.
inline constexpr std::chrono::seconds stop_timeout{5};
/// A model nobody uses any more must have been freed by then: a job for it may be under way, or a long segment.
inline constexpr std::chrono::seconds forget_timeout{60};
/// Between two looks whether the last holder of a removed model's values has let go of them: it does within a message.
inline constexpr std::chrono::milliseconds release_interval{1};

/// How long the pump of an asynchronous device sleeps before it looks whether it is to stop.
inline constexpr std::chrono::milliseconds pump_interval{50};

/// Segments that an asynchronous device has on a lane: one runs while the next is issued, so that the launch is hidden
/// and a preempted lane is free after two quanta.
inline constexpr std::uint32_t segments_in_flight = 2;

} // namespace baton::actors::defaults
