#pragma once

#include <span>
#include <vector>

#include "metadata/model.hpp"

namespace baton::testing {

/// What a model computes, by plain loops in double precision and in the canonical layout: slow, short, and sharing no
/// code with any backend. Returns the outputs in the model's order, rounded to their element types. Throws
/// std::out_of_range for a gather's index that is out of range.
/// Source of the semantics: ONNX operator specification, opsets 7-17.
std::vector<metadata::tensor> reference_run(const metadata::model& m, const metadata::symbol_values& symbols,
                                            std::span<const metadata::tensor> inputs);

/// The largest difference of two float32 tensors of one shape, relative to the largest magnitude in `wanted` (1 if that
/// is zero). NaN anywhere gives infinity.
double relative_difference(const metadata::tensor& got, const metadata::tensor& wanted);

/// True if as many tensors have the same types, shapes and bits.
bool same_bits(std::span<const metadata::tensor> a, std::span<const metadata::tensor> b);

} // namespace baton::testing
