#include "metadata/numeric.hpp"

namespace baton::metadata {

void convert(element_type from, const std::byte* source, element_type to, std::byte* target, std::size_t count) {
  with_type(from, [&]<class From>(std::type_identity<From>) {
    with_type(to, [&]<class To>(std::type_identity<To>) {
      const auto* x = reinterpret_cast<const From*>(source);
      auto* y = reinterpret_cast<To*>(target);
      for (std::size_t i = 0; i < count; ++i)
        y[i] = to_element<To>(x[i]);
    });
  });
}

tensor converted(const tensor& t, element_type to) {
  if (t.type() == to)
    return t;
  tensor result(to, t.shape());
  convert(t.type(), t.data(), to, result.mutable_data(), t.elements());
  return result;
}

} // namespace baton::metadata
