#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "metadata/layer.hpp"

namespace baton::metadata::importer {

/// What ONNX's Slice means by start, end and step along an axis of `extent`: negative ones count from the end, and what
/// lies outside is moved to the end. On a symbolic extent numbers up to `defaults::max_extent` are taken to lie inside,
/// which the device checks at each shape; larger ones mean the end. Throws `problem`.
slice_layer::range range_of(const dim& extent, const dim& start, const dim& end, std::int64_t step,
                            std::span<const std::string> symbols);

} // namespace baton::metadata::importer
