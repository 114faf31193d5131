#pragma once

#include <cuda/std/cmath>

#include "metadata/layer.hpp"

namespace baton::gpu::cuda {

/// `metadata::activation` as kernels apply it, in float32.
struct activation_op {
  metadata::function what = metadata::function::none;
  float alpha = 0;
  float beta = 0;

  __host__ __device__ float operator()(float x) const {
    using metadata::function;
    namespace math = ::cuda::std;
    switch (what) {
    case function::none: return x;
    case function::relu: return x > 0 || x != x ? x : 0.0F;
    case function::leaky_relu: return x < 0 ? alpha * x : x;
    case function::clip: {
      const auto raised = x < alpha ? alpha : x;
      return beta < raised ? beta : raised;
    }
    case function::elu: return x < 0 ? alpha * math::expm1(x) : x;
    case function::sigmoid: return sigmoid(x);
    case function::tanh: return math::tanh(x);
    case function::hard_sigmoid: return unit(alpha * x + beta);
    case function::hard_swish: return x * unit(x / 6.0F + 0.5F);
    case function::gelu: return 0.5F * x * (1.0F + math::erf(x * 0.70710678F));
    case function::gelu_tanh: return 0.5F * x * (1.0F + math::tanh(0.79788456F * (x + 0.044715F * x * x * x)));
    case function::erf: return math::erf(x);
    case function::exp: return math::exp(x);
    case function::sqrt: return math::sqrt(x);
    case function::absolute: return math::fabs(x);
    case function::negative: return -x;
    case function::power: return math::pow(x, beta);
    }
    return x;
  }

  __host__ __device__ static float sigmoid(float x) { return 1.0F / (1.0F + ::cuda::std::exp(-x)); }

private:
  __host__ __device__ static float unit(float x) { return x < 0 ? 0.0F : x > 1 ? 1.0F : x; }
};

inline activation_op make_activation(const metadata::activation& a) {
  return {a.what, static_cast<float>(a.alpha), static_cast<float>(a.beta)};
}

} // namespace baton::gpu::cuda
