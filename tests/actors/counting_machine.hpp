#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gpu/device.hpp"

/// A machine whose kernels compute nothing but a fingerprint of what was run, in which order, on which input: cheap,
/// exact, and it notices a part that is skipped or run twice. For tests of the actors, with failures on demand.
namespace baton::testing {

/// What goes wrong, shared by all parts of a machine.
struct faults {
  static constexpr std::int64_t poison = -1; ///< an input that fails its task as `bad_request`
  static constexpr std::int64_t killer = -2; ///< an input that fails the device
  std::atomic<int> failing_attaches{0};
  std::atomic<int> failing_builds{0};
  std::atomic<int> failing_fetches{0};
  std::atomic<int> blocks_limit{1 << 20}; ///< per domain
  std::atomic<std::uint64_t> segments{0}; ///< submitted so far
};

struct counted_device {
  std::uint32_t domain = 0;
  std::string kind = "counting";
};

std::unique_ptr<gpu::machine> make_counting_machine(std::vector<counted_device> devices, std::shared_ptr<faults> f);

/// A chain of `layers` layers over one int64 input [N] to one int64 output [N].
std::shared_ptr<const metadata::model> make_chain(const std::string& name, std::uint32_t layers);

/// Parts of a layer of a chain as this machine runs it: 1, 2 or 3.
constexpr std::uint32_t counted_parts(std::uint32_t layer) {
  return 1 + layer % 3;
}
/// All positions of a chain, the end not among them.
std::vector<metadata::position> positions_of_chain(std::uint32_t layers);

metadata::tensor chain_input(std::int64_t value);
/// The output for that input.
std::int64_t chain_output(std::uint32_t layers, std::int64_t value);

} // namespace baton::testing
