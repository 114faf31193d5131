#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace baton::metadata {

/// Every type of fixed size that KServe and ONNX share. Clients may send and receive all of them; which ones a layer
/// takes is for its shape rule to say.
enum class element_type : std::uint8_t {
  float32,
  int64,
  boolean, ///< one byte, 0 or 1
  int8,
  int16,
  int32,
  uint8,
  uint16,
  uint32,
  uint64,
  float16,  ///< IEEE 754 binary16
  bfloat16, ///< the upper half of a float32
  float64,
};
inline constexpr std::array all_element_types{
    element_type::float32, element_type::int64,    element_type::boolean, element_type::int8,   element_type::int16,
    element_type::int32,   element_type::uint8,    element_type::uint16,  element_type::uint32, element_type::uint64,
    element_type::float16, element_type::bfloat16, element_type::float64};

std::size_t size_of(element_type type);
/// KServe's name: "FP32", "INT64", "BOOL".
std::string_view to_string(element_type type);
/// NumPy's name, also ONNX's in small letters: "float32", "int64", "bool".
std::string_view numpy_name(element_type type);
/// The type of that KServe name, if there is one.
std::optional<element_type> element_type_of(std::string_view name);

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

/// Of all together.
std::size_t bytes_of(std::span<const tensor> all);

} // namespace baton::metadata
