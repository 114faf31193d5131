#include "metadata/tensor.hpp"

#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace baton::metadata {

namespace {

constexpr std::size_t alignment = 64; // a cache line, and the widest vector register

std::shared_ptr<std::byte> allocate(std::size_t bytes) {
  // An empty tensor has an address too, so that nobody has to ask.
  const auto padded = bytes == 0 ? alignment : (bytes + alignment - 1) / alignment * alignment;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(alignment, padded));
  if (memory == nullptr)
    throw std::bad_alloc();
  std::memset(memory, 0, padded);
  return {memory, [](std::byte* p) { std::free(p); }};
}

} // namespace

std::size_t size_of(element_type type) {
  return type == element_type::float32 ? sizeof(float) : sizeof(std::int64_t);
}

std::string_view to_string(element_type type) {
  return type == element_type::float32 ? "FP32" : "INT64";
}

tensor::tensor(element_type type, std::vector<std::int64_t> shape) : type_(type), shape_(std::move(shape)) {
  elements_ = 1;
  for (const auto extent : shape_)
    elements_ *= static_cast<std::size_t>(extent);
  data_ = allocate(bytes());
}

} // namespace baton::metadata
