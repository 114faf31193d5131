#include "metadata/json_import.hpp"

#include <utility>

#include "metadata/importer/import_file.hpp"
#include "metadata/importer/json_file.hpp"
#include "metadata/importer/json_step.hpp"

namespace baton::metadata {

namespace {

using namespace importer;

/// Adds layer `nth` behind `x`; its result, `none` if that is unknown.
value_index add_layer(graph& g, const std::filesystem::path& path, const json_file& file, std::size_t nth,
                      value_index x, collector& problems) {
  const auto& l = file.layers[nth];
  if (l.kind == nullptr || x == none)
    return none;
  const auto place = who(path, nth, l.kind->type);
  json_step step(g, l, {file.name, nth}, x);
  const auto good = problems.attempt(place, [&] { l.kind->add(step); });
  for (const auto& mismatch : step.mismatches())
    problems.add(problem(place + mismatch));
  return good ? step.x() : none;
}

/// The first number is only the batch that the author had.
value_index add_input(graph& g, const std::filesystem::path& path, const json_file& file, collector& problems) {
  if (file.input_shape.empty())
    return none;
  dims shape(file.input_shape.begin(), file.input_shape.end());
  shape[0] = dim::symbol(0);
  const auto wrong = check_shape(shape);
  const auto good = problems.attempt(path.string() + ": ", [&] { demand(wrong.empty(), "input_shape " + wrong); });
  if (!good)
    return none;
  g.parts().symbols = {"N"};
  const auto x = g.add_input("input", element_type::float32, std::move(shape));
  g.mark_batch();
  return x;
}

graph read_graph(const std::filesystem::path& path, std::string name, collector& problems) {
  const auto file = read_json(path, problems);
  graph g(std::move(name), 0);
  auto x = add_input(g, path, file, problems);
  for (std::size_t nth = 0; nth < file.layers.size(); ++nth)
    x = add_layer(g, path, file, nth, x, problems);
  if (x == none)
    return g; // problems have been noted
  auto& p = g.parts();
  if (p.values[x].origin == value_origin::input)
    x = g.view(x, dims(p.values[x].shape), "output");
  p.values[x].name = "output";
  p.outputs = {x};
  return g;
}

} // namespace

expected<std::shared_ptr<const model>> import_json(const std::filesystem::path& file, std::string name) {
  return import_file(read_graph, file, std::move(name));
}

checked_model check_json(const std::filesystem::path& file, std::string name) {
  return check_file(read_graph, file, std::move(name));
}

} // namespace baton::metadata
