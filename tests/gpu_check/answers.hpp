#pragma once

#include <filesystem>

#include "tests/conformance/backends.hpp"

/// Answers of whole models that are too large to compute by the reference's plain loops: a CPU device gives them
/// beforehand, a card is held against them.
namespace baton::gpu_check {

/// Writes each model's outputs on `on` into `folder`.
void record_answers(const testing::backend& on, const std::filesystem::path& folder, bool small);

/// Compares what `on` gives with them and prints a line for each; how many are wrong.
int check_answers(const testing::backend& on, const std::filesystem::path& folder, bool small);

} // namespace baton::gpu_check
