#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "metadata/model.hpp"

namespace baton::metadata {

/// Reads an ONNX file (opset 7-21) into a model named `name`; weights stay in the file and are referred to by offset.
/// Fuses BatchNormalization + Mul/Add of a constant per channel, Conv + BatchNormalization + Add/Sum + Relu,
/// Gemm/MatMul + Relu and Add + Relu; removes Identity; turns Flatten, Reshape and Squeeze into aliases. Weights may
/// lie in other files of the model's folder. Errors: `io`, `not_found`; `bad_model` with one sentence that names the
/// node and the reason.
expected<std::shared_ptr<const model>> import_onnx(const std::filesystem::path& file, std::string name);

struct model_problem {
  error what;
  std::size_t times = 1; ///< how many nodes have it; `what` names the first
};

struct model_problems {
  std::vector<model_problem> list;
  std::size_t left_out = 0; ///< further ones, beyond `defaults::max_problems`
};

/// The same import, going on after a problem without the part at fault and what depends on it: the model, or all
/// problems of the file, at least one.
tl::expected<std::shared_ptr<const model>, model_problems> check_onnx(const std::filesystem::path& file,
                                                                      std::string name);

} // namespace baton::metadata
