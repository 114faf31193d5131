#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "metadata/tensor.hpp"

namespace baton::metadata::importer {

/// The element type of a `TensorProto.DataType`; nothing for those of no fixed size (strings), and for complex numbers
/// and the types of less than a byte, which nothing here computes with.
std::optional<element_type> from_onnx(std::int32_t data_type);

/// For errors: "float32", "strings", "complex64", "type 99".
std::string onnx_type_name(std::int32_t data_type);

} // namespace baton::metadata::importer
