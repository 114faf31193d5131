#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace baton::metadata {

enum class element_type : std::uint8_t { float32, int64 };

std::size_t size_of(element_type type);
/// KServe's name: "FP32", "INT64".
std::string_view to_string(element_type type);

/// A host tensor in the canonical layout (row-major, no padding), 64-byte aligned. Copies share the bytes, which are
/// immutable once the tensor has been handed to the runtime.
class tensor {
public:
  tensor() = default;
  /// Zero-filled. @pre every extent >= 0 and the product fits in 63 bits.
  tensor(element_type type, std::vector<std::int64_t> shape);

  element_type type() const { return type_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  std::size_t elements() const { return elements_; }
  std::size_t bytes() const { return elements_ * size_of(type_); }
  const std::byte* data() const { return data_.get(); }
  std::byte* mutable_data() { return data_.get(); }

  /// @pre `T` is the element type.
  template <class T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(data_.get()), elements_};
  }
  template <class T>
  std::span<T> as_mutable() {
    return {reinterpret_cast<T*>(data_.get()), elements_};
  }

private:
  element_type type_ = element_type::float32;
  std::vector<std::int64_t> shape_;
  std::size_t elements_ = 0;
  std::shared_ptr<std::byte> data_;
};

} // namespace baton::metadata
