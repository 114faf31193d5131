#include "metadata/model.hpp"

#include <algorithm>
#include <set>

#include "metadata/defaults.hpp"
#include "metadata/model_check.hpp"

namespace baton::metadata {

expected<std::shared_ptr<const model>> model::make(parts p) {
  if (auto wrong = check_parts(p); !wrong.empty())
    return fail(errc::bad_model, "model '" + p.name + "': " + wrong);
  auto m = std::shared_ptr<model>(new model(std::move(p)));
  m->writer_.resize(m->p_.values.size());
  m->last_reader_.resize(m->p_.values.size());
  for (std::uint32_t l = 0; l < m->p_.layers.size(); ++l) {
    for (const auto v : m->p_.layers[l].inputs)
      if (v != none)
        m->last_reader_[m->root(v)] = l;
    for (const auto v : m->p_.layers[l].outputs)
      if (v != none)
        m->writer_[v] = l;
  }
  for (const auto v : m->p_.outputs)
    m->last_reader_[m->root(v)] = static_cast<std::uint32_t>(m->p_.layers.size());
  return m;
}

value_index model::root(value_index v) const {
  const auto& value = p_.values[v];
  return value.origin == value_origin::alias ? value.alias_of : v;
}

std::optional<std::uint32_t> model::writer(value_index v) const {
  return writer_[v];
}

std::optional<std::uint32_t> model::last_reader(value_index v) const {
  return last_reader_[v];
}

std::vector<value_index> model::live_values(position at) const {
  const auto layer = std::min(at.layer, static_cast<std::uint32_t>(p_.layers.size()));
  std::vector<value_index> live;
  for (value_index v = 0; v < p_.values.size(); ++v) {
    const auto& reader = last_reader_[v];
    if (!reader || *reader < layer)
      continue;
    const auto& writer = writer_[v];
    const auto written = writer && (*writer < layer || (*writer == layer && at.part > 0));
    if (written || p_.values[v].origin == value_origin::input)
      live.push_back(v);
  }
  return live;
}

dim model::live_bytes(position at) const {
  dim total = 0;
  for (const auto v : live_values(at))
    total = total + bytes(v);
  if (at.layer < p_.layers.size() && at.part > 0)
    total = total + p_.layers[at.layer].state_bytes;
  return total;
}

std::vector<std::int64_t> model::shape(value_index v, std::span<const std::int64_t> symbols) const {
  std::vector<std::int64_t> bound;
  for (const auto& extent : p_.values[v].shape)
    bound.push_back(extent.bind(symbols));
  return bound;
}

namespace {

/// What `check_shape` says of a shape once its symbols are bound, without the arithmetic of symbols: every request
/// asks.
bool possible(const dims& shape, std::span<const std::int64_t> bound) {
  auto room = defaults::max_elements;
  for (const auto& d : shape) {
    const auto extent = d.bind(bound);
    if (extent < 1 || extent > defaults::max_extent || extent > room)
      return false;
    room /= extent;
  }
  return true;
}

} // namespace

expected<symbol_values> model::bind(std::span<const tensor> inputs) const {
  const auto text = [](const std::vector<std::int64_t>& shape) {
    dims extents(shape.begin(), shape.end());
    return to_string(extents);
  };
  const auto refuse = [&](const std::string& what) {
    return fail(errc::bad_request, "model '" + p_.name + "': " + what);
  };
  if (inputs.size() != p_.inputs.size())
    return refuse("it takes " + std::to_string(p_.inputs.size()) + " inputs, not " + std::to_string(inputs.size()));
  symbol_values bound(p_.symbols.size(), 0);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto& wanted = p_.values[p_.inputs[i]];
    const auto& given = inputs[i].shape();
    const auto refuse_input = [&](const std::string& what) { return refuse("input '" + wanted.name + "' " + what); };
    if (inputs[i].type() != wanted.type)
      return refuse_input("must be " + std::string(to_string(wanted.type)) + ", not "
                          + std::string(to_string(inputs[i].type())));
    const auto mismatch = [&] { // asked for only where it is one
      return "has shape " + text(given) + " where " + to_string(wanted.shape, p_.symbols) + " is needed";
    };
    if (given.size() != wanted.shape.size())
      return refuse_input(mismatch());
    for (std::size_t axis = 0; axis < given.size(); ++axis) {
      if (given[axis] < 1)
        return refuse_input("is empty: shape " + text(given));
      const auto symbol = wanted.shape[axis].as_symbol();
      if (symbol && bound[*symbol] != 0 && bound[*symbol] != given[axis])
        return refuse_input(mismatch() + ", and " + p_.symbols[*symbol] + " is " + std::to_string(bound[*symbol])
                            + " already");
      if (symbol)
        bound[*symbol] = given[axis];
      else if (wanted.shape[axis].constant() != given[axis])
        return refuse_input(mismatch());
    }
  }
  for (value_index v = 0; v < p_.values.size(); ++v)
    if (p_.values[v].origin != value_origin::weight && !possible(p_.values[v].shape, bound))
      return refuse("these input shapes give value '" + p_.values[v].name + "' the impossible shape "
                    + text(shape(v, bound)));
  return bound;
}

} // namespace baton::metadata
