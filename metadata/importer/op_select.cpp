#include <algorithm>
#include <numeric>

#include "metadata/defaults.hpp"
#include "metadata/importer/operators.hpp"
#include "metadata/importer/range.hpp"

/// Gather, Transpose, Slice, Split: what picks elements.
namespace baton::metadata::importer {

namespace {

/// Gather from a list that is known, at constant places.
bool fold_gather(node& n) {
  auto& g = n.in();
  const auto indices = n.operand(1);
  const auto data = n.shape(0).size() == 1 ? n.known(0) : std::nullopt;
  if (!data || g.at(indices).origin != value_origin::weight)
    return false;
  const auto picks = g.known(indices);
  if (!picks || !g.may_fold(picks->size()))
    return false;
  dims elements;
  for (const auto& pick : *picks)
    elements.push_back((*data)[n.axis(*pick.constant(), data->size())]);
  std::vector<std::int64_t> shape;
  for (const auto& extent : g.at(indices).shape)
    shape.push_back(extent.constant().value_or(0));
  n.emit_known(g.at(n.operand(0)).type, shape, std::move(elements));
  return true;
}

/// All of each axis.
std::vector<slice_layer::range> everything(const dims& shape) {
  std::vector<slice_layer::range> all;
  for (const auto& extent : shape)
    all.push_back({0, 1, extent});
  return all;
}

struct slice_bounds {
  dims starts;
  dims ends;
  std::vector<std::int64_t> axes;
  std::vector<std::int64_t> steps;
};

dims known_list(node& n, std::size_t i, const char* what) {
  const auto list = n.known(i);
  demand(list && n.shape(i).size() == 1,
         std::string("its ") + what + " ('" + n.in().at(n.operand(i)).name + "') must be a constant list");
  return *list;
}

slice_bounds bounds_of(node& n) {
  slice_bounds b;
  std::optional<std::vector<std::int64_t>> axes;
  if (n.in().opset() < 10) {
    n.demand_operands(1, 1);
    const auto starts = n.attrs().integers("starts", 0, INT64_MIN, INT64_MAX);
    const auto ends = n.attrs().integers("ends", 0, INT64_MIN, INT64_MAX);
    demand(starts && ends, "attribute 'starts' or 'ends' is missing");
    b.starts.assign(starts->begin(), starts->end());
    b.ends.assign(ends->begin(), ends->end());
    axes = n.attrs().integers("axes", 0, INT32_MIN, INT32_MAX);
  } else {
    n.demand_operands(3, 5);
    b.starts = known_list(n, 1, "starts");
    b.ends = known_list(n, 2, "ends");
    if (n.has(3))
      axes = n.in().integers(n.operand(3));
    if (n.has(4))
      b.steps = n.in().integers(n.operand(4));
  }
  if (!axes) {
    axes.emplace(b.starts.size());
    std::iota(axes->begin(), axes->end(), 0);
  }
  b.axes = std::move(*axes);
  if (b.steps.empty())
    b.steps.assign(b.starts.size(), 1);
  demand(b.ends.size() == b.starts.size() && b.axes.size() == b.starts.size() && b.steps.size() == b.starts.size(),
         "its starts, ends, axes and steps are not equally many");
  return b;
}

} // namespace

void import_gather(node& n) {
  n.demand_operands(2, 2);
  gather_layer a;
  a.axis = n.axis(n.attrs().integer("axis", 0, INT32_MIN, INT32_MAX), n.shape(0).size());
  if (!fold_gather(n))
    n.emit(a, {n.operand(0), n.operand(1)});
}

void import_transpose(node& n) {
  n.demand_operands(1, 1);
  const auto rank = n.shape(0).size();
  transpose_layer a;
  if (const auto given = n.attrs().integers("perm", rank, 0, INT32_MAX)) {
    for (const auto axis : *given)
      a.permutation.push_back(static_cast<std::uint32_t>(axis));
  } else {
    a.permutation.resize(rank);
    std::iota(a.permutation.rbegin(), a.permutation.rend(), 0U);
  }
  n.emit(a, {n.operand(0)});
}

void import_slice(node& n) {
  const auto b = bounds_of(n);
  auto& g = n.in();
  const auto& shape = n.shape(0);
  slice_layer a{everything(shape)};
  std::vector<bool> seen(shape.size());
  for (std::size_t i = 0; i < b.starts.size(); ++i) {
    const auto axis = n.axis(b.axes[i], shape.size());
    demand(!seen[axis], "axis " + std::to_string(axis) + " is given twice");
    seen[axis] = true;
    a.axes[axis] = range_of(shape[axis], b.starts[i], b.ends[i], b.steps[i], g.parts().symbols);
  }
  if (a.axes == everything(shape))
    return n.emit_view(n.operand(0), dims(shape));
  const auto list = shape.size() == 1 ? n.known(0) : std::nullopt;
  if (list && a.axes[0].start.constant() && a.axes[0].count.constant() && g.may_fold(list->size())) {
    const auto& r = a.axes[0];
    dims picked;
    for (std::int64_t i = 0; i < *r.count.constant(); ++i)
      picked.push_back(list->at(static_cast<std::size_t>(*r.start.constant() + i * r.step)));
    const auto count = static_cast<std::int64_t>(picked.size());
    return n.emit_known(g.at(n.operand(0)).type, {count}, std::move(picked));
  }
  n.emit(a, {n.operand(0)});
}

void import_split(node& n) {
  const auto by_attribute = n.in().opset() < 13;
  n.demand_operands(1, by_attribute ? 1 : 2);
  auto& g = n.in();
  const auto x = n.operand(0);
  const auto shape = n.shape(0); // a copy: layers below move the values
  const auto axis = n.axis(n.attrs().integer("axis", 0, INT32_MIN, INT32_MAX), shape.size());
  const auto pieces = static_cast<std::int64_t>(n.outputs());
  demand(pieces >= 1, "it has no results");
  if (g.opset() >= 18)
    demand(n.attrs().integer("num_outputs", pieces, 1, INT32_MAX) == pieces,
           "num_outputs is not the number of results");
  auto given = by_attribute ? n.attrs().integers("split", 0, 1, INT32_MAX)
               : n.has(1)   ? std::optional(n.in().integers(n.operand(1)))
                            : std::nullopt;
  if (!given) {
    const auto extent = shape[axis].constant();
    demand(extent.has_value(), "without sizes it would have to divide the symbolic extent of " + g.text(shape));
    const auto piece = (*extent + pieces - 1) / pieces;
    given.emplace(static_cast<std::size_t>(pieces), piece);
    given->back() = *extent - piece * (pieces - 1);
  }
  demand(static_cast<std::int64_t>(given->size()) == pieces, "it has not one size for each result");
  dim start = 0;
  for (std::size_t i = 0; i < given->size(); ++i) {
    demand((*given)[i] >= 1, "its piece " + std::to_string(i) + " is empty");
    slice_layer a{everything(shape)};
    a.axes[axis] = {start, 1, (*given)[i]};
    start = start + dim((*given)[i]);
    if (n.is_wanted(i))
      g.bind(n.output(i), g.add_layer(n.layer_name() + '/' + std::to_string(i), a, {x}, {n.output(i)})[0]);
  }
  demand(start == shape[axis], "its pieces do not fill axis " + std::to_string(axis) + " of " + g.text(shape));
}

} // namespace baton::metadata::importer
