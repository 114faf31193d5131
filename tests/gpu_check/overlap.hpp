#pragma once

#include <string>

namespace baton::gpu_check {

/// Two tasks at once on the two lanes of a card against one after the other on one lane, for tasks of many durations;
/// their results are compared bit for bit. Prints a table and figures. The exit code: 1 if bits differed.
int measure_overlap(const std::string& plugin, bool small);

} // namespace baton::gpu_check
