#include "gpu/fold.hpp"

#include <cmath>

namespace baton::gpu {

folded fold(const layer_view& of, const metadata::conv_layer& a, std::int64_t channels) {
  auto count = static_cast<std::size_t>(channels);
  folded f{std::vector<double>(count, 1.0), std::vector<double>(count, 0.0)};
  if (of.has(conv_b) && of.is_weight(of.input_value(conv_b))) {
    auto bias = of.read_weight(conv_b);
    auto numbers = bias.as<float>();
    f.addend.assign(numbers.begin(), numbers.end());
  }
  if (a.has_batch_norm) {
    auto scales = of.read_weight(conv_scale);
    auto shifts = of.read_weight(conv_shift);
    auto means = of.read_weight(conv_mean);
    auto variances = of.read_weight(conv_variance);
    for (std::size_t k = 0; k < count; ++k) {
      f.factor[k] = scales.as<float>()[k] / std::sqrt(static_cast<double>(variances.as<float>()[k]) + a.epsilon);
      f.addend[k] = (f.addend[k] - means.as<float>()[k]) * f.factor[k] + shifts.as<float>()[k];
    }
  }
  return f;
}

} // namespace baton::gpu
