#pragma once

#include <cuda/std/span>

namespace baton::gpu::cuda {

/// How kernels are given memory: `const T` is read, `T` is written.
template <class T>
using span = ::cuda::std::span<T>;

} // namespace baton::gpu::cuda
