#pragma once

#include "metadata/importer/graph.hpp"

namespace baton::metadata::importer {

/// Makes the graph's outputs the model's, checking what the file declares of them.
void connect_outputs(graph& g, const onnx_file& file, collector& problems);

/// Gives each output bytes of its own: a copy layer where it is an input, a constant or a second name of another
/// output.
void separate_outputs(graph& g);

/// Drops layers, optional results and values that no output needs.
void prune(model::parts& p);

} // namespace baton::metadata::importer
