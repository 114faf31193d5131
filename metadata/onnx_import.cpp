#include "metadata/onnx_import.hpp"

#include <new>
#include <utility>

#include "metadata/importer/finish.hpp"
#include "metadata/importer/fusion.hpp"
#include "metadata/importer/graph.hpp"
#include "metadata/importer/onnx_reader.hpp"
#include "metadata/importer/operators.hpp"
#include "metadata/importer/order.hpp"

namespace baton::metadata {

namespace {

using namespace importer;

/// The first and last version of the default operator set whose meaning the operators here have.
constexpr std::int64_t first_opset = 7;
constexpr std::int64_t last_opset = 21;

model::parts import_parts(const std::filesystem::path& path, std::string name) {
  const auto file = read_onnx(path);
  demand(file.opset >= first_opset && file.opset <= last_opset,
         "opset " + std::to_string(file.opset) + " is not supported, only " + std::to_string(first_opset) + " to "
             + std::to_string(last_opset));
  const auto order = order_nodes(file);
  graph g(std::move(name), file.opset);
  g.add_inputs(file);
  for (const auto& constant : file.initializers)
    g.add_constant(constant, constant.name);
  for (const auto& n : file.nodes)
    for (const auto& read : n.proto.input())
      g.mark_read(read);
  for (const auto& out : file.outputs)
    g.mark_read(out.name());
  for (const auto n : order)
    import_node(g, file.nodes[n]);
  connect_outputs(g, file);
  fuse(g.parts());
  separate_outputs(g);
  prune(g.parts());
  return std::move(g.parts());
}

} // namespace

expected<std::shared_ptr<const model>> import_onnx(const std::filesystem::path& file, std::string name) {
  const auto who = "model '" + name + "': ";
  try {
    return model::make(import_parts(file, std::move(name)));
  } catch (const problem& p) {
    return fail(p.code, who + p.what());
  } catch (const std::bad_alloc&) {
    return fail(errc::out_of_memory, who + "no memory to import " + file.string());
  } catch (const std::exception& e) {
    return fail(errc::internal, who + e.what());
  }
}

} // namespace baton::metadata
