#include <cuda/std/cmath>

#include "gpu/cuda/activation.hpp"
#include "gpu/cuda/box_index.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/rows.hpp"

/// Batch norm, local response norm and means.
namespace baton::gpu::cuda {
namespace {

struct batch_norm_element {
  std::int64_t channels;
  std::int64_t inner;
  float epsilon;
  activation_op act;
  __host__ __device__ void operator()(std::int64_t i, span<const float> x, span<const float> scale,
                                      span<const float> shift, span<const float> mean, span<const float> variance,
                                      span<float> y) const {
    const auto k = i / inner % channels;
    const auto factor = scale[k] / ::cuda::std::sqrt(variance[k] + epsilon);
    y[i] = act((x[i] - mean[k]) * factor + shift[k]);
  }
};

struct lrn_element {
  std::int64_t channels;
  std::int64_t inner;
  metadata::lrn_layer a;
  __host__ __device__ void operator()(std::int64_t i, span<const float> x, span<float> y) const {
    const auto channel = i / inner % channels;
    const auto base = i - channel * inner;
    const auto down = channel - (a.size - 1) / 2;
    const auto up = channel + a.size / 2;
    const auto first = down < 0 ? 0 : down;
    const auto last = up < channels ? up : channels - 1;
    float sum = 0;
    for (auto k = first; k <= last; ++k)
      sum += x[base + k * inner] * x[base + k * inner];
    y[i] = x[i] / ::cuda::std::pow(a.bias + a.alpha / static_cast<float>(a.size) * sum, a.beta);
  }
};

/// Sums in double: the order then does not matter to the tolerance.
struct mean_row {
  box_index<1> kept;
  box_index<1> summed;
  std::int64_t count;
  __device__ void operator()(team t, std::int64_t row, span<const float> x, span<float> y) const {
    const auto sum = t.reduce(count, 0.0, element{x.data() + kept(row)[0], summed}, plus_op{});
    t.each(1, put{y.data() + row, static_cast<float>(sum / static_cast<double>(count))});
  }
  struct element {
    const float* x;
    box_index<1> summed;
    __host__ __device__ double operator()(std::int64_t i) const { return static_cast<double>(x[summed(i)[0]]); }
  };
  struct put {
    float* y;
    float value;
    __host__ __device__ void operator()(std::int64_t i) const { y[i] = value; }
  };
};

} // namespace

void build_batch_norm(layer_builder& b, const metadata::batch_norm_layer& a) {
  enum role : std::size_t { x, scale, shift, mean, variance };
  const auto shape = b.input_shape(x);
  if (shape.size() < 2)
    b.unsupported("its operand must have at least 2 axes");
  const auto total = elements_of(shape);
  const auto count = static_cast<std::size_t>(total);
  const auto channels = static_cast<std::size_t>(shape[1]);
  const batch_norm_element op{shape[1], total / shape[0] / shape[1], a.epsilon, make_activation(a.act)};
  b.add([=, from = b.input(x), s = b.input(scale), h = b.input(shift), m = b.input(mean), v = b.input(variance),
         to = b.output()](const run_context& c) {
    for_each_index(c.stream(), total, op, c.read<float>(from, count), c.read<float>(s, channels),
                   c.read<float>(h, channels), c.read<float>(m, channels), c.read<float>(v, channels),
                   c.write<float>(to, count));
  });
}

void build_lrn(layer_builder& b, const metadata::lrn_layer& a) {
  const auto shape = b.input_shape(0);
  const auto total = elements_of(shape);
  const lrn_element op{shape[1], total / shape[0] / shape[1], a};
  b.add([=, x = b.input(0), y = b.output()](const run_context& c) {
    for_each_index(c.stream(), total, op, c.read<float>(x, static_cast<std::size_t>(total)),
                   c.write<float>(y, static_cast<std::size_t>(total)));
  });
}

void build_reduce_mean(layer_builder& b, const metadata::reduce_mean_layer& a) {
  const auto shape = b.input_shape(0);
  const auto strides = row_major_strides(shape);
  b.require_float(b.input_value(0));
  std::vector<bool> gone(shape.size());
  for (const auto axis : a.axes)
    gone.at(axis) = true;
  mean_row op{{}, {}, 1};
  std::int64_t rows = 1;
  for (auto axis = shape.size(); axis-- > 0;) {
    (gone[axis] ? op.summed : op.kept).wrap(shape[axis], {strides[axis]});
    (gone[axis] ? op.count : rows) *= shape[axis];
  }
  b.add([=, x = b.input(0), y = b.output()](const run_context& c) {
    for_each_row(c.stream(), rows, op, c.read<float>(x, static_cast<std::size_t>(rows * op.count)),
                 c.write<float>(y, static_cast<std::size_t>(rows)));
  });
}

} // namespace baton::gpu::cuda
