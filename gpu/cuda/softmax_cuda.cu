#include <cuda/std/cmath>
#include <cuda/std/limits>

#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/rows.hpp"

namespace baton::gpu::cuda {
namespace {

/// A row: `count` elements, `step` apart.
struct softmax_row {
  std::int64_t count;
  std::int64_t step;
  bool logarithm;

  __device__ void operator()(team t, std::int64_t row, span<const float> x, span<float> y) const {
    const auto first = row / step * step * count + row % step;
    const auto* from = x.data() + first;
    const auto most = t.reduce(count, -::cuda::std::numeric_limits<float>::infinity(), element{from, step}, max_op{});
    const auto sum = t.reduce(count, 0.0F, exponential{from, step, most}, plus_op{});
    if (logarithm)
      t.each(count, log_result{from, y.data() + first, step, most + ::cuda::std::log(sum)});
    else
      t.each(count, result{from, y.data() + first, step, most, sum});
  }

  struct element {
    const float* x;
    std::int64_t step;
    __host__ __device__ float operator()(std::int64_t i) const { return x[i * step]; }
  };
  struct exponential {
    const float* x;
    std::int64_t step;
    float most;
    __host__ __device__ float operator()(std::int64_t i) const { return ::cuda::std::exp(x[i * step] - most); }
  };
  struct result {
    const float* x;
    float* y;
    std::int64_t step;
    float most;
    float sum;
    __host__ __device__ void operator()(std::int64_t i) const {
      y[i * step] = ::cuda::std::exp(x[i * step] - most) / sum;
    }
  };
  struct log_result {
    const float* x;
    float* y;
    std::int64_t step;
    float shift;
    __host__ __device__ void operator()(std::int64_t i) const { y[i * step] = x[i * step] - shift; }
  };
};

} // namespace

void build_softmax(layer_builder& b, const metadata::softmax_layer& a) {
  const auto shape = b.input_shape(0);
  const auto axis = shape.begin() + a.axis;
  const auto inner = a.flatten ? 1 : elements_of({axis + 1, shape.end()});
  const auto count = a.flatten ? elements_of({axis, shape.end()}) : *axis;
  const auto total = elements_of(shape);
  const softmax_row op{count, inner, a.logarithm};
  b.require_float(b.input_value(0));
  b.add([=, x = b.input(0), y = b.output()](const run_context& c) {
    for_each_row(c.stream(), total / count, op, c.read<float>(x, static_cast<std::size_t>(total)),
                 c.write<float>(y, static_cast<std::size_t>(total)));
  });
}

} // namespace baton::gpu::cuda
