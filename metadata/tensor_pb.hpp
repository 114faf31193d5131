#pragma once

#include <filesystem>
#include <string>

#include "metadata/error.hpp"
#include "metadata/tensor.hpp"

namespace baton::metadata {

/// Reads a file that is one ONNX `TensorProto`, as ONNX's test data sets are: raw_data or the typed field of its type,
/// exactly, in any of our element types. Strings, complex and packed types, sequences, segments of a tensor and data in
/// another file are refused, and so are elements that the type cannot hold.
/// Errors: `not_found`, `io`, `bad_argument` (not such a file), `out_of_memory`; each names the file.
/// Source: onnx.proto3 of ONNX 1.12, TensorProto.
expected<tensor> read_tensor_pb(const std::filesystem::path& file);

/// Writes `t` as raw_data under `name`. Errors: `bad_argument` (protobuf cannot hold as much), `io`; each names the
/// file; what was written is then incomplete.
expected<void> write_tensor_pb(const std::filesystem::path& file, const tensor& t, const std::string& name);

} // namespace baton::metadata
