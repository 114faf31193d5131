#include "gpu/cuda/elements.hpp"
#include "gpu/cuda/kernels.hpp"
#include "gpu/cuda/launch.hpp"

namespace baton::gpu::cuda {
namespace {

using metadata::element_type;

/// To any type, so that there is one kernel per type of operand and not one per pair; all threads take one branch.
template <class From>
struct cast_element {
  element_type target;
  __host__ __device__ void operator()(std::int64_t i, span<const From> from, span<std::byte> to) const {
    const auto x = from[i];
    switch (target) {
    case element_type::float32: return put<float>(x, i, to);
    case element_type::int64: return put<std::int64_t>(x, i, to);
    case element_type::boolean: return put<boolean_element>(x, i, to);
    case element_type::int8: return put<std::int8_t>(x, i, to);
    case element_type::int16: return put<std::int16_t>(x, i, to);
    case element_type::int32: return put<std::int32_t>(x, i, to);
    case element_type::uint8: return put<std::uint8_t>(x, i, to);
    case element_type::uint16: return put<std::uint16_t>(x, i, to);
    case element_type::uint32: return put<std::uint32_t>(x, i, to);
    case element_type::uint64: return put<std::uint64_t>(x, i, to);
    case element_type::float16: return put<float16_element>(x, i, to);
    case element_type::bfloat16: return put<bfloat16_element>(x, i, to);
    case element_type::float64: return put<double>(x, i, to);
    }
  }

private:
  template <class To>
  __host__ __device__ static void put(From x, std::int64_t i, span<std::byte> to) {
    reinterpret_cast<To*>(to.data())[i] = to_element<To>(x);
  }
};

} // namespace

void build_cast(layer_builder& b, const metadata::cast_layer& a) {
  const auto from = b.input(0);
  const auto to = b.output();
  const auto count = elements_of(b.output_shape());
  const auto bytes = static_cast<std::size_t>(count) * size_of(a.to);
  with_element(b.type(b.input_value(0)), [&]<class From>(std::type_identity<From>) {
    b.add([=, op = cast_element<From>{a.to}](const run_context& c) {
      for_each_index(c.stream(), count, op, c.read<From>(from, static_cast<std::size_t>(count)),
                     c.write<std::byte>(to, bytes));
    });
  });
}

} // namespace baton::gpu::cuda
