#pragma once

#include <atomic>
#include <cstddef>
#include <span>
#include <vector>

#include "gpu/device.hpp"

/// What goes between device kinds by way of the host: plain bytes, read by the source's plan. Throws `failure`.
namespace baton::gpu {

/// Both sides have plans, of one model and of the same symbols, and bindings that fit. Throws `bad_argument`.
void check_copy(const values_at& from, const values_at& to);

/// Where input `v` is read from outside of the block; null if it lies in the block or is no input.
const std::byte* external_input(const values_at& side, metadata::value_index v);

/// Live values of a source in host memory, and inside of a layer its carried state behind them.
class host_values {
public:
  host_values(const values_at& from, std::span<const metadata::value_index> values, position at,
              const std::atomic<bool>* cancel);
  /// The bytes of the value listed as number `i`; the state is the last.
  std::span<const std::byte> of(std::size_t i) const;

private:
  std::vector<std::byte> bytes_;
  std::vector<std::size_t> ends_;
};

/// The model's outputs. @pre the task is at its end
std::vector<metadata::tensor> read_outputs(const values_at& from, const std::atomic<bool>* cancel);

} // namespace baton::gpu
