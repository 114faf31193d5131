#include "metadata/importer/finish.hpp"

#include <utility>

#include "metadata/importer/onnx_types.hpp"

namespace baton::metadata::importer {

namespace {

/// Where the file and the shape rules both know an extent, they must agree.
void check_declared(const graph& g, const onnx::ValueInfoProto& info, const value& v) {
  const auto who = "output '" + info.name() + "' ";
  if (!info.type().has_tensor_type())
    return;
  const auto& declared = info.type().tensor_type();
  demand(from_onnx(declared.elem_type()) == v.type || declared.elem_type() == onnx::TensorProto::UNDEFINED,
         who + "is declared as " + onnx_type_name(declared.elem_type()) + ", and the layers make "
             + std::string(numpy_name(v.type)));
  if (!declared.has_shape())
    return;
  auto same = static_cast<std::size_t>(declared.shape().dim_size()) == v.shape.size();
  std::string text;
  for (int axis = 0; axis < declared.shape().dim_size(); ++axis) {
    const auto& d = declared.shape().dim(axis);
    text += (axis > 0 ? "," : "") + (d.has_dim_value() ? std::to_string(d.dim_value()) : d.dim_param());
    const auto extent = same ? v.shape[static_cast<std::size_t>(axis)].constant() : std::nullopt;
    same = same && (!extent || !d.has_dim_value() || *extent == d.dim_value());
  }
  demand(same, who + "is declared as [" + text + "] and the layers make " + g.text(v.shape));
}

value_index root(const model::parts& p, value_index v) {
  return p.values[v].origin == value_origin::alias ? p.values[v].alias_of : v;
}

} // namespace

void connect_outputs(graph& g, const onnx_file& file, collector& problems) {
  problems.attempt([&] { demand(!file.outputs.empty(), "the graph has no outputs"); });
  std::unordered_set<std::string> seen;
  for (const auto& info : file.outputs)
    problems.attempt([&] {
      const auto& name = info.name();
      demand(seen.insert(name).second, "two outputs are called '" + name + "'");
      if (g.is_unknown(name))
        return;
      value_index v = none;
      try {
        v = g.bound(name);
      } catch (const problem& p) {
        throw problem("output '" + name + "': " + p.what(), p.code);
      }
      check_declared(g, info, g.at(v));
      g.parts().outputs.push_back(v);
    });
}

void separate_outputs(graph& g) {
  auto& p = g.parts();
  std::unordered_set<value_index> taken;
  for (auto& out : p.outputs) {
    const auto r = root(p, out);
    if (p.values[r].origin == value_origin::computed && taken.insert(r).second)
      continue;
    const auto name = p.values[out].name;
    out = g.add_layer(name + "/copy", copy_layer{}, {out}, {name})[0];
    taken.insert(out);
  }
}

void prune(model::parts& p) {
  std::vector<bool> needed(p.values.size());
  const auto need = [&](value_index v) {
    needed[v] = true;
    needed[root(p, v)] = true;
  };
  for (const auto v : p.inputs)
    need(v);
  for (const auto v : p.outputs)
    need(v);
  std::vector<layer> kept;
  for (auto l = p.layers.rbegin(); l != p.layers.rend(); ++l) {
    auto any = false;
    for (auto& v : l->outputs) {
      if (v != none && !needed[v])
        v = none;
      any = any || v != none;
    }
    if (!any)
      continue;
    for (auto& v : l->inputs) {
      if (v == none)
        continue;
      if (p.values[v].shape == p.values[root(p, v)].shape)
        v = root(p, v); // no view after all
      need(v);
    }
    kept.push_back(std::move(*l));
  }
  p.layers.assign(std::make_move_iterator(kept.rbegin()), std::make_move_iterator(kept.rend()));

  std::vector<value_index> place(p.values.size(), none);
  std::vector<value> values;
  for (value_index v = 0; v < p.values.size(); ++v) {
    if (!needed[v])
      continue;
    place[v] = static_cast<value_index>(values.size());
    values.push_back(std::move(p.values[v]));
  }
  p.values = std::move(values);
  const auto renumber = [&](value_index& v) {
    if (v != none)
      v = place[v];
  };
  for (auto& v : p.values)
    renumber(v.alias_of);
  for (auto& l : p.layers) {
    for (auto& v : l.inputs)
      renumber(v);
    for (auto& v : l.outputs)
      renumber(v);
  }
  for (auto* list : {&p.inputs, &p.outputs})
    for (auto& v : *list)
      renumber(v);
}

} // namespace baton::metadata::importer
