#include "metadata/importer/onnx_types.hpp"

#include <onnx/onnx_pb.h>

namespace baton::metadata::importer {

std::optional<element_type> from_onnx(std::int32_t data_type) {
  using proto = onnx::TensorProto;
  switch (data_type) {
  case proto::FLOAT: return element_type::float32;
  case proto::DOUBLE: return element_type::float64;
  case proto::FLOAT16: return element_type::float16;
  case proto::BFLOAT16: return element_type::bfloat16;
  case proto::INT8: return element_type::int8;
  case proto::INT16: return element_type::int16;
  case proto::INT32: return element_type::int32;
  case proto::INT64: return element_type::int64;
  case proto::UINT8: return element_type::uint8;
  case proto::UINT16: return element_type::uint16;
  case proto::UINT32: return element_type::uint32;
  case proto::UINT64: return element_type::uint64;
  case proto::BOOL: return element_type::boolean;
  default: return std::nullopt;
  }
}

std::string onnx_type_name(std::int32_t data_type) {
  if (const auto type = from_onnx(data_type))
    return std::string(numpy_name(*type));
  switch (data_type) {
  case onnx::TensorProto::STRING: return "strings";
  case onnx::TensorProto::COMPLEX64: return "complex64";
  case onnx::TensorProto::COMPLEX128: return "complex128";
  default: return "type " + std::to_string(data_type);
  }
}

} // namespace baton::metadata::importer
