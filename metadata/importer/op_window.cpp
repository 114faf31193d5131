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

  std::array<std::int64_t, 4> pads(const pair& kernel, const pair& strides, const pair& dilations) const {
    const auto automatic = n_.attrs().text("auto_pad", "NOTSET");
    const auto given = n_.attrs().integers("pads", 2 * spatial_, 0, max_attribute);
    if (automatic == "NOTSET") {
      if (!given)
        return {};
      return spatial_ == 2 ? std::array{(*given)[0], (*given)[1], (*given)[2], (*given)[3]}
                           : std::array{std::int64_t{0}, (*given)[0], std::int64_t{0}, (*given)[1]};
    }
    if (automatic == "VALID")
      return {};
    demand(automatic == "SAME_UPPER" || automatic == "SAME_LOWER", "auto_pad '" + automatic + "' is unknown");
    std::array<std::int64_t, 4> result{};
    for (std::size_t i = 2 - spatial_; i < 2; ++i) {
      const auto total = same_padding(i, (kernel[i] - 1) * dilations[i] + 1, strides[i]);
      const auto smaller = total / 2;
      result[i] = automatic == "SAME_UPPER" ? smaller : total - smaller;
      result[i + 2] = total - result[i];
    }
    return result;
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

  /// What makes the result ceil(extent / stride) long.
  std::int64_t same_padding(std::size_t i, std::int64_t reach, std::int64_t stride) const {
    const auto& extent = n_.shape(0)[i + spatial_];
    if (stride == 1)
      return reach - 1;
    const auto constant = extent.constant();
    demand(constant.has_value(), "auto_pad with strides needs constant extents, and x is " + n_.in().text(n_.shape(0)));
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
  a.pads = w.pads(a.kernel, a.strides, {1, 1});
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
         "its w must be a constant of sane size");
  const pair kernel{*rows, *columns};
  demand(w.kernel().value_or(kernel) == kernel, "kernel_shape does not fit w " + n.in().text(weight));
  conv_layer a;
  a.strides = w.two("strides", 1, 1);
  a.dilations = w.two("dilations", 1, 1);
  a.pads = w.pads(kernel, a.strides, a.dilations);
  a.groups = n.attrs().integer("group", 1, 1, max_attribute);
  w.emit(a, {w.widened(n.operand(0), "x"), wide_weight, n.optional_operand(2), none});
}

void import_max_pool(node& n) {
  demand(!n.attrs().flag("storage_order", false), "storage_order is not supported");
  window::demand_rank(n);
  demand(window(n).two("dilations", 1, 1) == pair{1, 1}, "dilations are not supported");
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

void import_global_average_pool(node& n) {
  n.demand_operands(1, 1);
  window::demand_rank(n);
  const window w(n);
  w.emit(global_average_pool_layer{}, {w.widened(n.operand(0), "x")});
}

} // namespace baton::metadata::importer
