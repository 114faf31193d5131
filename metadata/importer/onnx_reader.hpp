#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include <onnx/onnx_pb.h>

#include "metadata/importer/tensor_entry.hpp"

namespace baton::metadata::importer {

struct node_entry {
  onnx::NodeProto proto;                ///< its tensor attributes without data
  std::optional<tensor_entry> constant; ///< the `value` of a Constant or ConstantOfShape node
};

/// What the importer needs of an ONNX file. Weights are places in it.
struct onnx_file {
  std::int64_t opset = 0; ///< of the default domain
  std::vector<node_entry> nodes;
  std::vector<tensor_entry> initializers;
  std::vector<onnx::ValueInfoProto> inputs;
  std::vector<onnx::ValueInfoProto> outputs;
};

/// Walks the file once, skipping the weights' bytes. Throws `problem`.
onnx_file read_onnx(const std::filesystem::path& file);

} // namespace baton::metadata::importer
