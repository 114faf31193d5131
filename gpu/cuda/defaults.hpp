#pragma once

#include <cstddef>
#include <cstdint>

/// Every tunable of this folder.
namespace baton::gpu::cuda::defaults {

/// Of what lies in a lane's arena, in bytes: what cudaMalloc gives, and what cuBLASLt and cuDNN like best.
inline constexpr std::size_t scratch_alignment = 256;

/// Bytes of each of the pinned buffers of a staging line, and most of one copy between two looks at a cancel flag;
/// small copies are cut into as few as that.
inline constexpr std::size_t copy_chunk = std::size_t{1} << 20;
inline constexpr std::size_t least_copy_chunk = std::size_t{128} << 10;

/// Lines that a large copy is cut among, a line from as many bytes on. Measured beside an H200: one core moves 11 GB/s
/// into pinned memory, four 38; the link carries 54.
inline constexpr unsigned most_copy_lines = 8;
inline constexpr unsigned cores_per_copy_line = 2;
inline constexpr std::size_t copy_line_from = std::size_t{1} << 20;

/// The same of a copy between GPUs, which needs no buffer.
inline constexpr std::size_t peer_chunk = std::size_t{8} << 20;

/// Submissions of one lane that are under way or not polled yet. At the bound `submit` answers `overloaded`; an owner
/// that keeps two segments in flight and polls never meets it.
inline constexpr std::size_t submissions_under_way = 1024;

/// Segments of a lane that are remembered, to be launched as a graph when they run again in the same memory.
inline constexpr std::size_t graphs_per_lane = 512;

/// Device memory of captured graphs: what a lane sets aside for them, and what a node counts as. No call tells what the
/// driver takes; NVIDIA's own cache of graphs (CCCL, STF) reckons 10 KB a node. So a lane has 1024 nodes: a ResNet-50
/// in some ten blocks.
inline constexpr std::size_t graph_bytes_per_lane = std::size_t{16} << 20;
/// A lane sets it aside where the domain's limit is at least so many times as much.
inline constexpr std::size_t least_graph_shares = 16;
inline constexpr std::size_t graph_node_bytes = std::size_t{16} << 10;

/// A plan's segments become graphs if the whole plan, launched as one, takes at most this share of the time that single
/// calls take.
inline constexpr double graph_gain = 0.95;

/// A trial of kernels: runs of a graph, and how often it has each in it; what takes longer than that (nanoseconds) is
/// run once; what takes less is not given up for being slower than another; what the memory is filled with: 0.01 as a
/// float32.
inline constexpr int trial_runs = 4;
inline constexpr int trial_repeats = 4;
inline constexpr std::int64_t trial_long = 20'000'000;
inline constexpr std::int64_t trial_short = 500'000;
inline constexpr int trial_byte = 0x3C;

/// Algorithms that cuBLASLt is asked for, to be measured.
inline constexpr int product_algorithms = 16;

/// Steps of a recurrent layer whose input is multiplied at once, and rows (steps times batch). A segment that begins
/// within a group multiplies all of it.
inline constexpr std::int64_t recurrent_steps_at_once = 16;
inline constexpr std::int64_t recurrent_rows_at_once = 1024;

/// Captures of one segment, before it is given up as one that cannot be captured.
inline constexpr int capture_attempts = 3;

/// The most workspace that a convolution may ask for.
inline constexpr std::size_t convolution_workspace = std::size_t{64} << 20;

/// The most workspace that a product may ask for.
inline constexpr std::size_t product_workspace = std::size_t{32} << 20;

} // namespace baton::gpu::cuda::defaults
