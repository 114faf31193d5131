#pragma once

#include <cstddef>

namespace baton::gpu::cpu {

/// Columns that lie together in a panel of weights.
inline constexpr std::size_t panel_columns = 64;

/// sums = initial + factors * weights, for products of few rows with a matrix that lies in panels of columns: it is
/// read once, front to back. Steps are in floats.
struct panel_product {
  const float* factors; ///< [rows, depth]
  std::size_t factors_step;
  const float* initial; ///< [rows, panels, 64], may be `sums`; step 0: the same for all rows
  std::size_t initial_step;
  float* sums; ///< [rows, panels, 64]
  std::size_t sums_step;
  const float* weights; ///< [panels, depth, 64]
  std::size_t rows;
  std::size_t depth;
  std::size_t panels;
  /// The last panel first. What is left in the caches of a matrix that just does not fit is its end, so whoever reads
  /// it again and again turns around each time.
  bool backwards = false;
};

/// With the widest vectors that the processor has. Each sum is added up in the order of depth, so its bits depend
/// neither on how many rows and panels there are nor on their order.
void run(const panel_product& p);

} // namespace baton::gpu::cpu
