#pragma once

#include <cstddef>
#include <cstdint>

#include <cuda_runtime_api.h>

#include <cuda/std/array>
#include <cuda/std/tuple>

#include <thrust/execution_policy.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>

#include "gpu/cuda/span.hpp"

#if defined(__CUDACC__)
#include "gpu/cuda/error.hpp"
#else
#include <fake_cuda.hpp> // of the stand-in that this build is linked to
#endif

/// The one way to launch a kernel of ours (with `rows.hpp`): these two headers alone know which compiler reads them. By
/// nvcc a kernel runs on the stream; by a host compiler it is queued on the stand-in's stream, with the bytes it
/// touches. So memory is passed as spans, of `const T` where it is read and of `T` where it is written, never as a
/// pointer and never inside of a functor. What Thrust throws leaves as `failure`.
namespace baton::gpu::cuda {

/// A functor of an index and spans as one of an index.
template <class Op, class... Spans>
struct index_call {
  Op op;
  ::cuda::std::tuple<Spans...> spans;
  __host__ __device__ void operator()(std::int64_t i) const {
    ::cuda::std::apply([&](const auto&... s) { op(i, s...); }, spans);
  }
};

template <class Policy, class Op, class... Spans>
void run_indices(const Policy& policy, std::int64_t count, const Op& op, const Spans&... spans) {
  thrust::for_each_n(policy, thrust::counting_iterator<std::int64_t>(0), count,
                     index_call<Op, Spans...>{op, ::cuda::std::tuple<Spans...>(spans...)});
}

/// Runs `op(i, spans...)` for i from 0 to `count`, in no order. `Op` holds numbers and `cuda::std::array`s of them; its
/// call operator is const and `__host__ __device__`. Does not wait. Throws `failure`.
template <class Op, class... Spans>
void for_each_index(cudaStream_t stream, std::int64_t count, Op op, Spans... spans) {
  if (count == 0)
    return;
#if defined(__CUDACC__)
  guard_thrust([&] { run_indices(thrust::cuda::par_nosync.on(stream), count, op, spans...); });
#else
  fake_cuda::enqueue(stream, fake_cuda::touch(spans...),
                     [=] { run_indices(thrust::cpp::par, count, op, fake_cuda::view(spans)...); });
#endif
}

} // namespace baton::gpu::cuda
