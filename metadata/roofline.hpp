#pragma once

#include <cstdint>
#include <span>

#include "metadata/device_kinds.hpp"
#include "metadata/model.hpp"
#include "metadata/model_costs.hpp"

namespace baton::metadata {

/// In what a device multiplies.
enum class arithmetic : std::uint8_t {
  fp32,
  tf32, ///< by its matrix units, where it has any; fp32 where not
};

/// What a model costs by its graph, without a device: weights, live sets, parts of recurrent layers of one direction
/// (of two, the steps are those of two cells: 1 part), no tables. `symbols`: a value for each symbol of the model;
/// those of the batch do not count, they become 1. Errors (`bad_argument`): other than one value per symbol; sizes that
/// do not fit 63 bits.
expected<model_costs> costs_of(const model& m, std::span<const std::int64_t> symbols);

/// Adds to `costs` how long the model's layers would take on a device of that kind, at each of these numbers of rows:
/// the longer of computing and moving bytes, at what devices attain of their peaks (`defaults::arithmetic_percent`,
/// `bandwidth_percent`), and a launch for each part of the layer. What a layer uses of a device is how much of that
/// time the one and the other take, rounded up. Source: Williams, Waterman, Patterson, "Roofline", CACM 52(4), 2009.
/// Whole numbers only: the same everywhere. Errors (`bad_argument`): as those of `costs_of` and `latency_table::add`;
/// a model without batch symbol at other rows than 1.
expected<void> add_roofline(model_costs& costs, const model& m, std::span<const std::int64_t> symbols,
                            std::span<const std::uint32_t> rows, const device_kind& kind,
                            arithmetic how = arithmetic::fp32);

} // namespace baton::metadata
