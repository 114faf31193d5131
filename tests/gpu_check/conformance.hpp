#pragma once

#include <string>
#include <vector>

namespace baton::gpu_check {

/// The conformance suite on the first card, and the second where there is one; `arguments` are Catch2's. The exit code.
int run_conformance(const std::string& plugin, std::vector<const char*> arguments);

} // namespace baton::gpu_check
