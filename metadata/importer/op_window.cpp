#include <algorithm>

#include "metadata/defaults.hpp"
#include "metadata/importer/operators.hpp"

/// Conv and the pools. In one dimension they become two with H = 1, between views.
namespace baton::metadata::importer {

namespace {

using defaults::max_attribute;
using pair = std::array<std::int64_t, 2>;

/// What Conv and the pools have in common.
class window {
public:
  explicit window(node& n) : n_(n), spatial_(n.shape(0).size() - 2) {}

  /// @pre checked before construction: operand 0 has at least two extents
  static void demand_rank(node& n) {
    const auto rank = n.shape(0).size();
    demand(rank == 3 || rank == 4,
           "x " + n.in().text(n.shape(0)) + " must have 3 or 4 extents: only 1-d and 2-d are supported");
  }

  pair two(const std::string& name, std::int64_t fill, std::int64_t least) const {
    const auto given = n_.attrs().integers(name, spatial_, least, max_attribute);
    return given ? widen(*given, fill) : pair{fill, fill};
  }

  std::optional<pair> kernel() const {
    const auto given = n_.attrs().integers("kernel_shape", spatial_, 1, max_attribute);
    return given ? std::optional(widen(*given, 1)) : std::nullopt;
  }

  /// Sets `a.pads` or `a.same`. @pre strides and dilations are set
  template <class Layer>
  void set_pads(Layer& a, const pair& kernel) const {
    const auto automatic = n_.attrs().text("auto_pad", "NOTSET");
    const auto given = n_.attrs().integers("pads", 2 * spatial_, 0, max_attribute);
    if (automatic == "NOTSET") {
      if (given)
        a.pads = spatial_ == 2 ? std::array{(*given)[0], (*given)[1], (*given)[2], (*given)[3]}
                               : std::array{std::int64_t{0}, (*given)[0], std::int64_t{0}, (*given)[1]};
      return;
    }
    if (automatic == "VALID")
      return;
    demand(automatic == "SAME_UPPER" || automatic == "SAME_LOWER", "auto_pad '" + automatic + "' is unknown");
    const auto same = automatic == "SAME_UPPER" ? same_padding::upper : same_padding::lower;
    for (std::size_t i = 2 - spatial_; i < 2; ++i) {
      const auto total = same_total(i, (kernel[i] - 1) * a.dilations[i] + 1, a.strides[i]);
      if (!total) {
        // It differs from shape to shape.
        a.pads = {};
        a.same = same;
        return;
      }
      const auto smaller = *total / 2;
      a.pads[i] = same == same_padding::upper ? smaller : *total - smaller;
      a.pads[i + 2] = *total - a.pads[i];
    }
  }

  /// [N,C,L] as [N,C,1,L].
  value_index widened(value_index v, const std::string& what) const {
    const auto& shape = n_.in().at(v).shape;
    if (spatial_ == 2 || shape.size() != 3)
      return v;
    return n_.in().view(v, {shape[0], shape[1], 1, shape[2]}, n_.layer_name() + '/' + what);
  }

  void emit(const layer_attributes& a, std::vector<value_index> operands) const {
    if (spatial_ == 2)
      return n_.emit(a, std::move(operands));
    demand(!n_.output().empty(), "its result has no name");
    const auto y = n_.in().add_layer(n_.layer_name(), a, std::move(operands), {n_.layer_name() + "/y"})[0];
    const auto shape = n_.in().at(y).shape;
    n_.emit_view(y, {shape[0], shape[1], shape[3]});
  }

private:
  pair widen(const std::vector<std::int64_t>& given, std::int64_t fill) const {
    return spatial_ == 2 ? pair{given[0], given[1]} : pair{fill, given[0]};
  }

  /// What makes the result ceil(extent / stride) long; nothing if that depends on a symbol.
  std::optional<std::int64_t> same_total(std::size_t i, std::int64_t reach, std::int64_t stride) const {
    if (stride == 1)
      return reach - 1;
    const auto constant = n_.shape(0)[i + spatial_].constant();
    if (!constant)
      return std::nullopt;
    const auto steps = (*constant + stride - 1) / stride;
    return std::max<std::int64_t>(0, (steps - 1) * stride + reach - *constant);
  }

  node& n_;
  std::size_t spatial_;
};

void import_pool(node& n, pool_layer a) {
  n.demand_operands(1, 1);
  window::demand_rank(n);
  const window w(n);
  const auto kernel = w.kernel();
  demand(kernel.has_value(), "attribute 'kernel_shape' is missing");
  a.kernel = *kernel;
  a.strides = w.two("strides", 1, 1);
  a.dilations = w.two("dilations", 1, 1);
  w.set_pads(a, a.kernel);
  a.ceil_mode = n.attrs().flag("ceil_mode", false);
  w.emit(a, {w.widened(n.operand(0), "x")});
}

} // namespace

void import_conv(node& n) {
  n.demand_operands(2, 3);
  window::demand_rank(n);
  const auto weight = n.shape(1); // a copy: views below move the values
  demand(weight.size() == n.shape(0).size(),
         "x " + n.in().text(n.shape(0)) + " and w " + n.in().text(weight) + " must have equally many extents");
  const window w(n);
  const auto wide_weight = w.widened(n.operand(1), "w");
  const auto& shape = n.in().at(wide_weight).shape;
  const auto rows = shape[2].constant();
  const auto columns = shape[3].constant();
  demand(rows && columns && *rows <= max_attribute && *columns <= max_attribute,
         "its w must have constant extents of sane size");
  const pair kernel{*rows, *columns};
  demand(w.kernel().value_or(kernel) == kernel, "kernel_shape does not fit w " + n.in().text(weight));
  conv_layer a;
  a.strides = w.two("strides", 1, 1);
  a.dilations = w.two("dilations", 1, 1);
  w.set_pads(a, kernel);
  a.groups = n.attrs().integer("group", 1, 1, max_attribute);
  w.emit(a, {w.widened(n.operand(0), "x"), wide_weight, n.optional_operand(2), none});
}

void import_max_pool(node& n) {
  n.attrs().flag("storage_order", false); // of the indices, which are not supported
  pool_layer a;
  a.mode = pool_layer::kind::max;
  import_pool(n, a);
}

void import_average_pool(node& n) {
  pool_layer a;
  a.mode = pool_layer::kind::average;
  a.count_include_pad = n.attrs().flag("count_include_pad", false);
  import_pool(n, a);
}

namespace {

/// One result for each channel, whatever number of axes is behind it.
void import_global_pool(node& n, const layer_attributes& a) {
  n.demand_operands(1, 1);
  const auto shape = n.shape(0); // a copy: views below move the values
  demand(shape.size() >= 3, "x " + n.in().text(shape) + " must have at least 3 extents");
  if (shape.size() == 4)
    return n.emit(a, {n.operand(0)});
  auto& g = n.in();
  const auto pixels = elements_of(dims(shape.begin() + 2, shape.end()));
  const auto x = g.view(n.operand(0), {shape[0], shape[1], 1, pixels}, n.layer_name() + "/x");
  const auto y = n.emit_step("y", a, {x});
  dims to(shape.size(), 1);
  to[0] = shape[0];
  to[1] = shape[1];
  n.emit_view(y, std::move(to));
}

} // namespace

void import_global_average_pool(node& n) {
  import_global_pool(n, global_average_pool_layer{});
}

void import_global_max_pool(node& n) {
  import_global_pool(n, global_max_pool_layer{});
}

} // namespace baton::metadata::importer
