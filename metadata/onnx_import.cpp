#include "metadata/onnx_import.hpp"

#include <algorithm>
#include <utility>

#include "metadata/importer/collector.hpp"
#include "metadata/importer/finish.hpp"
#include "metadata/importer/import_file.hpp"
#include "metadata/importer/onnx_reader.hpp"
#include "metadata/importer/operators.hpp"
#include "metadata/importer/order.hpp"

namespace baton::metadata {

namespace {

using namespace importer;

/// The first and last version of the default operator set whose meaning the operators here have.
constexpr std::int64_t first_opset = 7;
constexpr std::int64_t last_opset = 21;

/// Adds the initializers. Those with a flaw are noted, and unknown from then on.
void add_constants(graph& g, const onnx_file& file, collector& problems) {
  for (const auto& constant : file.initializers) {
    const auto good = problems.attempt([&] {
      if (!constant.flaw.empty())
        throw problem(constant.flaw);
    });
    if (!good)
      g.mark_unknown(constant.name);
    else if (!g.is_known(constant.name)) // told already if there are two
      g.add_constant(constant, constant.name);
  }
}

/// Adds the nodes. What depends on something unknown is unknown too, and nothing more is said about it but whether its
/// operator is known.
void add_nodes(graph& g, const onnx_file& file, const std::vector<std::uint32_t>& order, collector& problems) {
  std::vector<bool> sorted(file.nodes.size());
  const auto give_up = [&](const node_entry& n) {
    for (const auto& result : n.proto.output())
      g.mark_unknown(result);
  };
  for (const auto n : order)
    sorted[n] = true;
  for (std::size_t n = 0; n < file.nodes.size(); ++n) {
    if (sorted[n])
      continue;
    give_up(file.nodes[n]);
    problems.attempt([&] { demand_known_operator(file.nodes[n]); });
  }
  for (const auto index : order) {
    const auto& n = file.nodes[index];
    const auto& read = n.proto.input();
    const auto blind = std::any_of(read.begin(), read.end(), [&](const auto& name) { return g.is_unknown(name); });
    const auto good = problems.attempt([&] {
      demand_known_operator(n);
      if (!blind)
        import_node(g, n);
    });
    if (blind || !good)
      give_up(n);
  }
}

graph read_graph(const std::filesystem::path& path, std::string name, collector& problems) {
  const auto file = read_onnx(path);
  problems.attempt([&] {
    demand(file.opset >= first_opset && file.opset <= last_opset,
           "opset " + std::to_string(file.opset) + " is not supported, only " + std::to_string(first_opset) + " to "
               + std::to_string(last_opset));
  });
  const auto order = order_nodes(file, problems);
  graph g(std::move(name), file.opset);
  for (const auto& n : file.nodes)
    for (const auto& read : n.proto.input())
      g.mark_read(read);
  for (const auto& out : file.outputs)
    g.mark_read(out.name());
  g.add_inputs(file, problems);
  add_constants(g, file, problems);
  add_nodes(g, file, order, problems);
  connect_outputs(g, file, problems);
  return g;
}

} // namespace

expected<std::shared_ptr<const model>> import_onnx(const std::filesystem::path& file, std::string name) {
  return import_file(read_graph, file, std::move(name));
}

checked_model check_onnx(const std::filesystem::path& file, std::string name) {
  return check_file(read_graph, file, std::move(name));
}

} // namespace baton::metadata
