#pragma once

#include <string>

namespace baton::gpu_check {

/// Segments that still run once a worker's run queue is told to preempt a task, and how long the lane is busy with
/// them. The exit code: 1 if there were more than may be in flight.
int measure_preempts(const std::string& plugin, bool small);

} // namespace baton::gpu_check
