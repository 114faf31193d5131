#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "metadata/model_problems.hpp"

namespace baton::metadata {

/// Reads an ONNX file (opset 7-21) into a model named `name`; weights stay in the file and are referred to by offset.
/// Fuses BatchNormalization + Mul/Add of a constant per channel, Conv + BatchNormalization + Add/Sum + Relu,
/// Gemm/MatMul + Relu and Add + Relu; removes Identity; turns Flatten, Reshape and Squeeze into aliases. Weights may
/// lie in other files of the model's folder. Errors: `io`, `not_found`; `bad_model` with one sentence that names the
/// node and the reason.
expected<std::shared_ptr<const model>> import_onnx(const std::filesystem::path& file, std::string name);

/// The same import, going on after a problem without the part at fault and what depends on it.
checked_model check_onnx(const std::filesystem::path& file, std::string name);

} // namespace baton::metadata
