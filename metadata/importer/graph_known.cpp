#include <algorithm>
#include <utility>

#include "metadata/defaults.hpp"
#include "metadata/importer/graph.hpp"
#include "metadata/numeric.hpp"
#include "metadata/weight.hpp"

/// Small values that the importer reads itself: constants, and integers that follow from the symbols.
namespace baton::metadata::importer {

namespace {

bool is_index(element_type type) {
  return type == element_type::int64 || type == element_type::int32;
}

bool is_short(const value& v) {
  return v.weight.bytes <= defaults::max_listed * size_of(v.type);
}

} // namespace

tensor graph::constant(value_index v) const {
  const auto& named = at(v);
  demand(named.origin == value_origin::weight, "'" + named.name + "' must be a constant");
  demand(is_short(named), "'" + named.name + "' must be a short list");
  auto t = read_weight(named);
  if (!t)
    throw problem(t.error().message, t.error().code);
  return std::move(*t);
}

std::vector<std::int64_t> graph::integers(value_index v) const {
  const auto& named = at(v);
  demand(named.origin == value_origin::weight, "'" + named.name + "' must be a constant");
  demand(is_index(named.type), "'" + named.name + "' must be int64 or int32");
  demand(named.shape.size() <= 1, "'" + named.name + "' must be a short list");
  const auto wide = converted(constant(v), element_type::int64);
  return {wide.as<std::int64_t>().begin(), wide.as<std::int64_t>().end()};
}

double graph::number(value_index v) const {
  const auto t = converted(constant(v), element_type::float64);
  demand(t.elements() == 1, "'" + at(v).name + "' must be one number");
  return t.as<double>()[0];
}

std::optional<dims> graph::known(value_index v) const {
  if (const auto found = known_.find(v); found != known_.end())
    return found->second;
  const auto& named = at(v);
  if (named.origin != value_origin::weight || !is_index(named.type) || !is_short(named))
    return std::nullopt;
  const auto wide = converted(constant(v), element_type::int64);
  return dims(wide.as<std::int64_t>().begin(), wide.as<std::int64_t>().end());
}

value_index graph::add_known(const std::string& layer_name, const std::string& name, element_type type,
                             const std::vector<std::int64_t>& shape, dims elements) {
  const auto is_constant = [](const dim& d) { return d.constant().has_value(); };
  if (std::all_of(elements.begin(), elements.end(), is_constant)) {
    tensor wide(element_type::int64, shape);
    std::transform(elements.begin(), elements.end(), wide.as_mutable<std::int64_t>().begin(),
                   [](const dim& d) { return *d.constant(); });
    const auto t = converted(wide, type);
    return add_weight(name, type, dims(shape.begin(), shape.end()), {t.data(), t.bytes()});
  }
  const auto v = add_layer(layer_name, shape_layer{type, shape, elements}, {}, {name})[0];
  known_.emplace(v, std::move(elements));
  return v;
}

bool graph::may_fold(std::size_t elements) {
  if (elements > defaults::max_listed || elements > defaults::max_folded - folded_)
    return false;
  folded_ += elements;
  return true;
}

} // namespace baton::metadata::importer
