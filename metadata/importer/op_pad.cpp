#include <algorithm>
#include <cstring>
#include <numeric>

#include "metadata/defaults.hpp"
#include "metadata/importer/operators.hpp"

namespace baton::metadata::importer {

namespace {

using defaults::max_attribute;

/// Before and after each axis; negative ones cut off.
struct pads {
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> after;
};

pads pads_of(node& n) {
  const auto rank = n.shape(0).size();
  std::vector<std::int64_t> given;
  std::vector<std::int64_t> axes(rank);
  std::iota(axes.begin(), axes.end(), 0);
  if (n.in().opset() < 11) {
    n.demand_operands(1, 1);
    const auto list = n.attrs().integers("pads", 2 * rank, -max_attribute, max_attribute);
    demand(list.has_value(), "attribute 'pads' is missing");
    given = *list;
  } else {
    n.demand_operands(2, n.in().opset() < 18 ? 3 : 4);
    given = n.in().integers(n.operand(1));
    if (n.has(3))
      axes = n.in().integers(n.operand(3));
  }
  demand(given.size() == 2 * axes.size(),
         "it has " + std::to_string(given.size()) + " pads for " + std::to_string(axes.size()) + " axes");
  pads p{std::vector<std::int64_t>(rank), std::vector<std::int64_t>(rank)};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = n.axis(axes[i], rank);
    for (const auto pad : {given[i], given[axes.size() + i]})
      demand(pad >= -max_attribute && pad <= max_attribute, "its pad " + std::to_string(pad) + " is absurdly large");
    p.before[axis] = given[i];
    p.after[axis] = given[axes.size() + i];
  }
  return p;
}

pad_layer::kind mode_of(const std::string& name) {
  if (name == "constant")
    return pad_layer::kind::constant;
  if (name == "reflect")
    return pad_layer::kind::reflect;
  demand(name == "edge", "mode '" + name + "' is not supported");
  return pad_layer::kind::edge;
}

/// The element that a constant pad is filled with.
void fill_in(node& n, pad_layer& a, element_type type) {
  if (n.in().opset() < 11) {
    const auto value = n.attrs().real("value", 0.0F);
    demand(value == 0.0F || type == element_type::float32, "its value is float32 and x is not");
    std::memcpy(a.fill.data(), &value, sizeof value);
  } else if (n.has(2)) {
    const auto value = n.in().constant(n.operand(2));
    demand(value.elements() == 1 && value.type() == type, "its constant_value must be one element of x's type");
    std::memcpy(a.fill.data(), value.data(), value.bytes());
  }
}

} // namespace

void import_pad(node& n) {
  auto p = pads_of(n);
  pad_layer a;
  a.mode = mode_of(n.attrs().text("mode", "constant"));
  auto x = n.operand(0);
  fill_in(n, a, n.in().at(x).type);
  slice_layer cut;
  auto cuts = false;
  for (std::size_t axis = 0; axis < p.before.size(); ++axis) {
    const auto& extent = n.shape(0)[axis];
    const auto from = std::max<std::int64_t>(0, -p.before[axis]);
    const auto gone = from + std::max<std::int64_t>(0, -p.after[axis]);
    cut.axes.push_back({from, 1, extent - dim(gone)});
    cuts = cuts || gone > 0;
    a.before.push_back(std::max<std::int64_t>(0, p.before[axis]));
    a.after.push_back(std::max<std::int64_t>(0, p.after[axis]));
  }
  if (cuts)
    x = n.emit_step("cut", cut, {x});
  n.emit(a, {x});
}

} // namespace baton::metadata::importer
