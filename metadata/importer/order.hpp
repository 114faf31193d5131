#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "metadata/importer/collector.hpp"
#include "metadata/importer/onnx_reader.hpp"

namespace baton::metadata::importer {

/// Its name, or that of its first result if it has none.
const std::string& name_of(const onnx::NodeProto& node);

/// `node 'conv1' (Conv): `
std::string who(const onnx::NodeProto& node);

/// The nodes in topological order, the file's order where that is one. Collected: names that are written twice or read
/// and never written, and cycles. Nodes with such a problem are left out, and those that wait for a cycle.
std::vector<std::uint32_t> order_nodes(const onnx_file& file, collector& problems);

} // namespace baton::metadata::importer
