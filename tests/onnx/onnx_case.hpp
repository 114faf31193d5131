#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "tests/conformance/backends.hpp"

/// One model of the ONNX test data with its stored inputs and outputs.
namespace baton::testing {

enum class verdict : std::uint8_t {
  passed,    ///< as it is
  as_layers, ///< with all inputs but the first made constants, as a model has its weights
  constant,  ///< with all inputs made constants
  renamed,   ///< of an opset before 7, and the same said to be of opset 7
  refused,   ///< at import, or when the plan is built
  failed,    ///< another result than the one stored, or none
};

struct outcome {
  verdict is = verdict::failed;
  std::string reason; ///< of what is refused or failed
};

class onnx_case {
public:
  /// Throws std::runtime_error if the folder does not hold what it should.
  explicit onnx_case(const std::filesystem::path& folder);

  const std::vector<std::string>& operators() const { return operators_; }
  outcome run(bench_device& on) const;
  /// The same file, said to be of that opset.
  outcome run_as(bench_device& on, std::int64_t opset) const;
  std::int64_t opset() const { return model_.opset_import(0).version(); }

private:
  /// As it is, else with constants.
  outcome run(bench_device& on, const onnx::ModelProto& model) const;
  /// With the inputs from number `first_constant` on as initializers.
  outcome run(bench_device& on, const onnx::ModelProto& model, int first_constant) const;

  std::filesystem::path folder_;
  onnx::ModelProto model_;
  std::vector<std::string> operators_; ///< sorted, each once
};

} // namespace baton::testing
