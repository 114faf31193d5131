#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/conformance/backends.hpp"

namespace baton::gpu_check {

/// Sizes that are copied.
const std::vector<std::int64_t>& copied_mib(bool small);

/// Copies of one value by the ways that a request's values go: as inputs, as outputs, between two cards' blocks.
class copies {
public:
  explicit copies(const std::string& plugin);

  /// host_to_card; card_to_host, into memory that is there; outputs, as tensors made for it; card_to_card, where there
  /// are two.
  std::vector<std::string> directions() const;
  /// One copy of so many MiB, on average.
  double seconds(const std::string& direction, std::int64_t mib, int times);

private:
  /// A value of one size on each card, and in host memory.
  struct value {
    std::vector<std::shared_ptr<const gpu::plan>> plans;
    std::vector<gpu::bindings> data;
    std::vector<metadata::tensor> on_host;
    gpu::bindings of_host;
  };
  value& of_size(std::int64_t mib);
  void once(const std::string& direction, value& v);

  testing::backend on_;
  std::unique_ptr<gpu::machine> machine_;
  std::vector<std::unique_ptr<testing::bench_device>> cards_;
  std::vector<std::unique_ptr<gpu::copy_engine>> into_; ///< by card
  std::map<std::int64_t, value> values_;
};

} // namespace baton::gpu_check
