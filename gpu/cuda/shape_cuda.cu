#include <algorithm>

#include "gpu/cuda/error.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"

/// Layers whose results are known when the plan is built.
namespace baton::gpu::cuda {
namespace {

/// Numbers that travel as a kernel's arguments.
template <class T>
struct write_numbers {
  static constexpr std::size_t most = 16;
  ::cuda::std::array<T, most> numbers;
  __host__ __device__ void operator()(std::int64_t i, span<T> to) const { to[i] = numbers[i]; }
};

template <class T>
void build(layer_builder& b, const metadata::shape_layer& a) {
  const auto to = b.output();
  const auto total = a.elements.size();
  constexpr auto most = write_numbers<T>::most;
  for (std::size_t first = 0; first < total; first += most) {
    const auto count = std::min(most, total - first);
    write_numbers<T> op{};
    for (std::size_t i = 0; i < count; ++i)
      op.numbers[i] = static_cast<T>(b.bound(a.elements[first + i]));
    const auto piece = to.shifted(first * sizeof(T));
    b.add([=](const run_context& c) {
      for_each_index(c.stream(), static_cast<std::int64_t>(count), op, c.write<T>(piece, count));
    });
  }
}

} // namespace

void build_shape(layer_builder& b, const metadata::shape_layer& a) {
  if (a.type == metadata::element_type::int64)
    build<std::int64_t>(b, a);
  else if (a.type == metadata::element_type::int32)
    build<std::int32_t>(b, a);
  else
    b.unsupported("it makes int64 or int32");
}

void build_all_true(layer_builder& b, const metadata::all_true_layer& /*a*/) {
  const auto to = b.output();
  const auto count = static_cast<std::size_t>(elements_of(b.output_shape()));
  if (count == 0)
    return;
  b.add([=](const run_context& c) {
    check(cudaMemsetAsync(c.write<std::uint8_t>(to, count).data(), 1, count, c.stream()), "cudaMemsetAsync");
  });
}

} // namespace baton::gpu::cuda
