#pragma once

#include <cstdint>

#include "gpu/device.hpp"
#include "metadata/model.hpp"

/// What every backend checks alike. Throw `failure`.
namespace baton::gpu {

/// As many symbols as the model has, every extent at least one, and no size that could overflow later.
void check_shape(const metadata::model& model, const metadata::symbol_values& symbols);
/// `bad_model` unless layer `index` was built with as many parts as the model says; one that has a single part may have
/// been cut.
void check_parts(const metadata::model& model, const metadata::symbol_values& symbols, std::uint32_t index,
                 std::uint32_t built);
/// The range and the vectors of a submission, against its plan. Throws `bad_argument`; `part` begins the sentence.
void check_range(const submission& work, const std::string& part);
/// A position of the plan, or its end.
void check_position(const plan& p, position at);

/// Adds `elapsed`, taken by the parts from `begin` to `end`, to the layers' times by the profile's proportions.
void share_time(const metadata::plan_profile& profile, position begin, position end, duration elapsed,
                std::span<duration> layer_time);

} // namespace baton::gpu
