#pragma once

#include <filesystem>
#include <memory>

#include "metadata/model.hpp"

namespace baton::metadata {

/// Reads an ONNX file (opset 7-17) into a model named `name`; weights stay in the file and are referred to by offset.
/// Fuses Conv + BatchNormalization + Add/Sum + Relu, Gemm/MatMul + Relu and Add + Relu; removes Identity; turns
/// Flatten, Reshape and Squeeze into aliases. Errors: `io`, `not_found`; `bad_model` with one sentence that names the
/// node and the reason.
expected<std::shared_ptr<const model>> import_onnx(const std::filesystem::path& file, std::string name);

} // namespace baton::metadata
