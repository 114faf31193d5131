#pragma once

#include <string>

namespace baton::gpu_check {

/// Measures what it is told to on standard input, a line each, so that another program may take turns with it on the
/// card: `list` answers all the cases, then an empty line; a case and how often to run it answers `seconds X`, of one
/// run on average, or `error SENTENCE`. Ends with the input. The exit code.
int answer_timings(const std::string& plugin, bool small);

} // namespace baton::gpu_check
