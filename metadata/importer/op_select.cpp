#include <algorithm>
#include <numeric>

#include "metadata/importer/operators.hpp"

namespace baton::metadata::importer {

void import_gather(node& n) {
  n.demand_operands(2, 2);
  gather_layer a;
  a.axis = n.axis(n.attrs().integer("axis", 0, INT32_MIN, INT32_MAX), n.shape(0).size());
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

} // namespace baton::metadata::importer
