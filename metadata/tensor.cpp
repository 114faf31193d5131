#include "metadata/tensor.hpp"

#include <algorithm>
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
  switch (type) {
  case element_type::boolean:
  case element_type::int8:
  case element_type::uint8: return 1;
  case element_type::int16:
  case element_type::uint16:
  case element_type::float16:
  case element_type::bfloat16: return 2;
  case element_type::float32:
  case element_type::int32:
  case element_type::uint32: return 4;
  case element_type::int64:
  case element_type::uint64:
  case element_type::float64: return 8;
  }
  return 0;
}

std::string_view to_string(element_type type) {
  switch (type) {
  case element_type::boolean: return "BOOL";
  case element_type::int8: return "INT8";
  case element_type::int16: return "INT16";
  case element_type::int32: return "INT32";
  case element_type::int64: return "INT64";
  case element_type::uint8: return "UINT8";
  case element_type::uint16: return "UINT16";
  case element_type::uint32: return "UINT32";
  case element_type::uint64: return "UINT64";
  case element_type::float16: return "FP16";
  case element_type::bfloat16: return "BF16";
  case element_type::float32: return "FP32";
  case element_type::float64: return "FP64";
  }
  return "?";
}

std::string_view numpy_name(element_type type) {
  switch (type) {
  case element_type::boolean: return "bool";
  case element_type::int8: return "int8";
  case element_type::int16: return "int16";
  case element_type::int32: return "int32";
  case element_type::int64: return "int64";
  case element_type::uint8: return "uint8";
  case element_type::uint16: return "uint16";
  case element_type::uint32: return "uint32";
  case element_type::uint64: return "uint64";
  case element_type::float16: return "float16";
  case element_type::bfloat16: return "bfloat16";
  case element_type::float32: return "float32";
  case element_type::float64: return "float64";
  }
  return "?";
}

std::optional<element_type> element_type_of(std::string_view name) {
  const auto* found = std::find_if(all_element_types.begin(), all_element_types.end(),
                                   [&](auto type) { return to_string(type) == name; });
  return found == all_element_types.end() ? std::nullopt : std::optional(*found);
}

tensor::tensor(element_type type, std::vector<std::int64_t> shape) : type_(type), shape_(std::move(shape)) {
  elements_ = 1;
  for (const auto extent : shape_)
    elements_ *= static_cast<std::size_t>(extent);
  data_ = allocate(bytes());
}

std::size_t bytes_of(std::span<const tensor> all) {
  std::size_t sum = 0;
  for (const auto& x : all)
    sum += x.bytes();
  return sum;
}

} // namespace baton::metadata
