#include "metadata/importer/range.hpp"

#include <algorithm>

#include "metadata/defaults.hpp"
#include "metadata/importer/problem.hpp"

namespace baton::metadata::importer {

namespace {

/// `at` as a place in [least, most], where most is the extent or one less.
dim place(const dim& extent, const dim& at, std::int64_t least, bool behind, std::span<const std::string> symbols) {
  auto most = behind ? extent : extent - dim(1);
  const auto given = at.constant();
  if (!given) {
    demand(at.never_negative(),
           "its bound " + at.to_string(symbols) + " may be negative or not, depending on the shape");
    return at;
  }
  const auto far = std::clamp(*given, -defaults::max_extent - 1, defaults::max_extent + 1);
  if (const auto fixed = extent.constant())
    return std::clamp(far < 0 ? far + *fixed : far, least, *most.constant());
  if (far > defaults::max_extent)
    return most;
  if (far < -defaults::max_extent)
    return least;
  return far < 0 ? extent + dim(far) : dim(far);
}

} // namespace

slice_layer::range range_of(const dim& extent, const dim& start, const dim& end, std::int64_t step,
                            std::span<const std::string> symbols) {
  demand(step != 0, "its step must not be 0");
  step = std::clamp(step, -defaults::max_extent, defaults::max_extent); // a larger one leaves the axis as well
  const auto forward = step > 0;
  const auto first = place(extent, start, 0, forward, symbols);
  const auto last = place(extent, end, forward ? 0 : -1, forward, symbols);
  const auto reach = forward ? last - first : first - last;
  const auto stride = forward ? step : -step;
  const auto constant = reach.constant();
  demand(!constant || *constant >= 1, "its range is empty: tensors without elements are not supported");
  return {first, step, floor_div(reach + dim(stride - 1), stride)};
}

} // namespace baton::metadata::importer
