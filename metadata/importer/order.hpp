#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metadata/importer/onnx_reader.hpp"

namespace baton::metadata::importer {

/// `node 'conv1' (Conv): `
std::string who(const onnx::NodeProto& node);

/// The nodes in topological order, the file's order where that is one. Throws `problem` on a name that is written twice
/// or read and never written, and on a cycle.
std::vector<std::uint32_t> order_nodes(const onnx_file& file);

} // namespace baton::metadata::importer
