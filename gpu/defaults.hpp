#pragma once

#include <cstddef>
#include <cstdint>

/// Every tunable of this room.
namespace baton::gpu::defaults {

/// Of every buffer and every value in a block, in bytes: a cache line, and the widest vector load.
inline constexpr std::size_t alignment = 64;

/// Pieces of host memory from this size on lie in huge pages, where the system gives them. Measured on a product with
/// 64 MB of weights at batch 1: 3.7 instead of 4.3 ms.
inline constexpr std::size_t huge_page = std::size_t{2} << 20;
inline constexpr std::size_t huge_from = 2 * huge_page;

/// Bytes copied between two looks at a cancel flag: about 100 us, under a quantum.
inline constexpr std::size_t copy_chunk = std::size_t{1} << 20;

/// Completions that a device keeps for its owner. At the bound `submit` answers `overloaded`; an owner polls after each
/// submit, so it is met only by one that never polls.
inline constexpr std::size_t unpolled_completions = 1024;

/// Bytes of freed activation blocks that a domain keeps for the next request: a fresh block costs a page fault per
/// 4 KiB, milliseconds for a ResNet-50. They are dropped first when the domain's limit is met.
inline constexpr std::size_t kept_block_bytes = std::size_t{256} << 20;

/// Runs of each layer when a plan is built; the least time counts. The first one also warms caches and pages.
inline constexpr int measuring_runs = 2;

/// Parts of a layer that has many which a GPU runs together to measure one: some steps work for several parts.
inline constexpr std::uint32_t measuring_parts = 16;
/// Parts that a CPU runs together to measure one: some steps work for several parts.
inline constexpr std::uint32_t measured_at_once = 8;

/// Rows (steps times batch) of an LSTM's input that a CPU multiplies at once, by kernels of ours: enough that reading
/// w, and r again behind it, counts little.
inline constexpr std::int64_t lstm_rows_at_once = 64;
/// The same by oneDNN: few, since a segment that begins in between does it again.
inline constexpr std::int64_t lstm_product_rows = 4;

/// Multiplications of an LSTM's product from which on a device's threads share it: about 4 us of one core, several
/// times what calling them takes.
inline constexpr std::size_t lstm_shared_work = std::size_t{1} << 16;

/// Kernels of a convolution that are tried, per algorithm and layout of the pictures.
inline constexpr std::size_t implementations_tried = 3;

/// A trial of kernels: most rounds, and device seconds after which there is no further one; a kernel slower than the
/// best by that factor in its first runs is not tried again.
inline constexpr int trial_rounds = 7;
inline constexpr double trial_seconds = 0.1;
inline constexpr double trial_hopeless = 1.5;
inline constexpr int reorder_runs = 4;

/// Most bytes of other layers' weights that pass through the caches between two runs of a trial.
inline constexpr std::size_t trial_bytes_between = std::size_t{32} << 20;

/// Floating-point operations per picture below which a convolution is not worth larger weights.
inline constexpr double transform_flops = 3e6;

/// Winograd's kernel is chosen instead of a direct one if it takes less than this share of its time, at most this error
/// (root mean square, relative).
inline constexpr double kernel_gain = 0.96;
inline constexpr double kernel_error = 1e-5;

/// The same of kernels of a plan in bfloat16 against its direct one. Factors and results are rounded by up to 2^-8 of
/// their size, 0.16% as root mean square: kernels that round at other places, or not at all, come out 0.2 to 0.3%
/// apart, and wrong ones by about all of it.
inline constexpr double bf16_kernel_error = 1e-2;

/// Most parts of a layer that is cut, and channels that lie together in weights and pictures.
inline constexpr std::uint32_t most_parts = 64;
inline constexpr std::int64_t channels_in_block = 16;

/// What a core is expected to do in a second where nothing is measured: products of matrices are cut by it. Bytes of
/// weights read once, floating-point operations.
inline constexpr double bytes_per_second = 12e9;
inline constexpr double flops_per_second = 60e9;
/// Bytes of the result of a join of channels that is a copy: half of them out of the caches.
inline constexpr double joined_bytes_per_second = 5e9;
/// Columns of a product that lie together in its weights.
inline constexpr std::int64_t columns_in_block = 64;

/// Tiles that our Winograd kernel has in hand at once: as many rows as it keeps sums of in registers. Twice as many
/// where the weights are larger than a second-level cache and come from further away.
inline constexpr std::size_t winograd_rows = 14;
inline constexpr std::size_t winograd_cached_bytes = std::size_t{1} << 20;
/// Tiles of a picture from which on it is tried: with fewer, reading the weights takes longer than a direct kernel.
inline constexpr std::size_t winograd_least_tiles = 9;

/// Most memory of a model's prepared weights, as a multiple of the weights, and on top of it for small ones.
inline constexpr double weights_growth = 2.5;
inline constexpr std::size_t weights_growth_least = std::size_t{64} << 20;

/// The same of a plan in bfloat16, whose weights are half as large: what room there is goes to convolutions that are
/// faster in float32, most of them small.
inline constexpr double bf16_weights_growth = 1.2;

/// Most devices in one list, and most cores of one device: catches typing errors.
inline constexpr std::uint32_t most_devices = 1024;
inline constexpr std::uint32_t most_cores = 4096;

/// Most lanes of one GPU: more streams than these never run side by side with a gain.
inline constexpr std::uint32_t most_lanes = 8;

/// Largest size of one value in bytes (64 TiB): beyond it sizes could overflow when summed.
inline constexpr std::int64_t most_value_bytes = std::int64_t{1} << 46;

} // namespace baton::gpu::defaults
