#pragma once

#include "gpu/cuda/launch.hpp"

#if defined(__CUDACC__)
#include <cub/block/block_reduce.cuh>
#endif

/// Kernels in which a team of threads shares a row: softmax, means, normalisation.
namespace baton::gpu::cuda {

struct plus_op {
  template <class T>
  __host__ __device__ T operator()(T a, T b) const {
    return a + b;
  }
};
struct max_op {
  template <class T>
  __host__ __device__ T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};

#if defined(__CUDACC__)

/// The threads that share one row: a block.
struct team {
  static constexpr int size = 256;

  /// Calls `f(i)` for i from 0 to `n`, each by one thread.
  template <class F>
  __device__ void each(std::int64_t n, F f) const {
    for (std::int64_t i = threadIdx.x; i < n; i += size)
      f(i);
  }

  /// `op` over `init` and all `f(i)`; every thread gets it. In the same order on every call with the same `n`.
  template <class T, class F, class Op>
  __device__ T reduce(std::int64_t n, T init, F f, Op op) const {
    using block = cub::BlockReduce<T, size>;
    __shared__ typename block::TempStorage storage;
    __shared__ T result;
    T mine = init;
    for (std::int64_t i = threadIdx.x; i < n; i += size)
      mine = op(mine, f(i));
    __syncthreads();
    mine = block(storage).Reduce(mine, op);
    if (threadIdx.x == 0)
      result = mine;
    __syncthreads();
    return result;
  }
};

template <class Op, class... Spans>
__global__ void rows_kernel(std::int64_t rows, Op op, Spans... spans) {
  for (std::int64_t row = blockIdx.x; row < rows; row += gridDim.x)
    op(team{}, row, spans...);
}

#else

struct team {
  template <class F>
  void each(std::int64_t n, F f) const {
    for (std::int64_t i = 0; i < n; ++i)
      f(i);
  }
  template <class T, class F, class Op>
  T reduce(std::int64_t n, T init, F f, Op op) const {
    for (std::int64_t i = 0; i < n; ++i)
      init = op(init, f(i));
    return init;
  }
};

#endif

/// Runs `op(team, row, spans...)` for each row. `Op` as in `for_each_index`, its call operator `__device__`; `init` of
/// a `reduce` must be neutral to its operation. Does not wait. Throws `failure`.
template <class Op, class... Spans>
void for_each_row(cudaStream_t stream, std::int64_t rows, Op op, Spans... spans) {
  if (rows == 0)
    return;
#if defined(__CUDACC__)
  constexpr std::int64_t most_blocks = 65535;
  rows_kernel<<<static_cast<unsigned>(rows < most_blocks ? rows : most_blocks), team::size, 0, stream>>>(rows, op,
                                                                                                         spans...);
  check(cudaGetLastError(), "a row kernel");
#else
  fake_cuda::enqueue(stream, fake_cuda::touch(spans...), [=] {
    for (std::int64_t row = 0; row < rows; ++row)
      op(team{}, row, fake_cuda::view(spans)...);
  });
#endif
}

} // namespace baton::gpu::cuda
