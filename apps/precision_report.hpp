#pragma once

#include <memory>
#include <string_view>

#include "gpu/device.hpp"

namespace baton::apps {

/// How far two results are apart.
struct precision_error {
  double rms = 0;     ///< root mean square of the difference, over that of the reference
  double largest = 0; ///< over the reference's largest magnitude
};

/// Of float32 tensors of one shape. Where the reference is all zero the errors are those of the result itself; a NaN
/// that is not in both makes them infinite.
precision_error error_of(const metadata::tensor& result, const metadata::tensor& reference);

/// Runs the model at these inputs on the first of the devices, in float32 and in `options.multiplies`, called `name`,
/// and prints per output how far they are apart, and what the weights take. Errors: those of opening, building and
/// running.
expected<void> report_precision(std::shared_ptr<const metadata::model> m, std::span<const metadata::tensor> inputs,
                                std::span<const gpu::device_spec> devices, const gpu::machine_options& options,
                                std::string_view name);

} // namespace baton::apps
