#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"
#include "gpu/cuda/rows.hpp"
#include "gpu/window.hpp"

/// Our own kernels: they read each element a few times and write once, which is all that a library's could do, and they
/// take the windows that cuDNN does not (dilated ones, uneven pads, overhang).
namespace baton::gpu::cuda {
namespace {

/// One axis of the windows.
struct window_axis {
  std::int64_t in = 1;
  std::int64_t out = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t before = 0;
  std::int64_t after = 0;

  __host__ __device__ std::int64_t begin(std::int64_t at) const { return at * stride - before; }
  /// How many elements of window `at` lie in the input or its given pads; what hangs over them counts for nothing.
  __host__ __device__ std::int64_t counted(std::int64_t at) const {
    const auto room = in + after - begin(at);
    const auto fit = (room + dilation - 1) / dilation;
    return fit < kernel ? fit : kernel;
  }
};

struct pool_element {
  window_axis rows;
  window_axis columns;
  bool maximum;
  bool counts_pads;

  __host__ __device__ void operator()(std::int64_t i, span<const float> x, span<float> y) const {
    const auto column = i % columns.out;
    const auto row = i / columns.out % rows.out;
    const auto plane = i / columns.out / rows.out * rows.in * columns.in;
    float sum = 0;
    float most = 0;
    std::int64_t count = 0;
    for (std::int64_t r = 0; r < rows.kernel; ++r) {
      const auto h = rows.begin(row) + r * rows.dilation;
      if (h < 0 || h >= rows.in)
        continue;
      for (std::int64_t c = 0; c < columns.kernel; ++c) {
        const auto w = columns.begin(column) + c * columns.dilation;
        if (w < 0 || w >= columns.in)
          continue;
        const auto value = x[plane + h * columns.in + w];
        most = count == 0 || most < value ? value : most;
        sum += value;
        ++count;
      }
    }
    if (counts_pads)
      count = rows.counted(row) * columns.counted(column);
    y[i] = maximum ? most : sum / static_cast<float>(count);
  }
};

struct global_average {
  std::int64_t pixels;
  __device__ void operator()(team t, std::int64_t plane, span<const float> x, span<float> y) const {
    const auto sum = t.reduce(pixels, 0.0F, element{x.data() + plane * pixels}, plus_op{});
    t.each(1, put{y.data() + plane, sum / static_cast<float>(pixels)});
  }
  struct element {
    const float* x;
    __host__ __device__ float operator()(std::int64_t i) const { return x[i]; }
  };
  struct put {
    float* y;
    float value;
    __host__ __device__ void operator()(std::int64_t i) const { y[i] = value; }
  };
};

struct global_maximum {
  std::int64_t pixels;
  __device__ void operator()(team t, std::int64_t plane, span<const float> x, span<float> y) const {
    const auto* from = x.data() + plane * pixels;
    const auto most = t.reduce(pixels, from[0], global_average::element{from}, max_op{});
    t.each(1, global_average::put{y.data() + plane, most});
  }
};

template <class Op>
void build_global(layer_builder& b) {
  const auto in = b.input_shape(0);
  if (in.size() != 4)
    b.unsupported("its operand must have 4 axes");
  const auto planes = in[0] * in[1];
  const Op op{in[2] * in[3]};
  const auto elements = static_cast<std::size_t>(elements_of(in));
  b.add([=, x = b.input(0), y = b.output()](const run_context& c) {
    for_each_row(c.stream(), planes, op, c.read<float>(x, elements),
                 c.write<float>(y, static_cast<std::size_t>(planes)));
  });
}

} // namespace

void build_pool(layer_builder& b, const metadata::pool_layer& a) {
  const auto in = b.input_shape(0);
  const auto out = b.output_shape();
  if (in.size() != 4)
    b.unsupported("its operand must have 4 axes");
  const auto pads = pads_of(a.pads, a.same, a.kernel, a.strides, a.dilations, in, out);
  const auto axis = [&](std::size_t i) {
    return window_axis{in[i + 2], out[i + 2], a.kernel[i], a.strides[i], a.dilations[i], pads.before[i], pads.after[i]};
  };
  const pool_element op{axis(0), axis(1), a.mode == metadata::pool_layer::kind::max, a.count_include_pad};
  const auto count = elements_of(out);
  const auto elements = static_cast<std::size_t>(elements_of(in));
  b.add([=, x = b.input(0), y = b.output()](const run_context& c) {
    for_each_index(c.stream(), count, op, c.read<float>(x, elements),
                   c.write<float>(y, static_cast<std::size_t>(count)));
  });
}

void build_global_average_pool(layer_builder& b, const metadata::global_average_pool_layer& /*a*/) {
  build_global<global_average>(b);
}

void build_global_max_pool(layer_builder& b, const metadata::global_max_pool_layer& /*a*/) {
  build_global<global_maximum>(b);
}

} // namespace baton::gpu::cuda
