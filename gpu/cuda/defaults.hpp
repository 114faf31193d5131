#pragma once

#include <cstddef>

/// Every tunable of this folder.
namespace baton::gpu::cuda::defaults {

/// Of what lies in a lane's arena, in bytes: what cudaMalloc gives, and what cuBLASLt and cuDNN like best.
inline constexpr std::size_t scratch_alignment = 256;

/// Bytes of each of the two pinned buffers of a stager, and of one copy between two looks at a cancel flag: about 100
/// us of a PCIe link, so its latency hardly counts.
inline constexpr std::size_t copy_chunk = std::size_t{2} << 20;

/// The same of a copy between GPUs, which needs no buffer.
inline constexpr std::size_t peer_chunk = std::size_t{8} << 20;

/// Submissions of one lane that are under way or not polled yet. At the bound `submit` answers `overloaded`; an owner
/// that keeps two segments in flight and polls never meets it.
inline constexpr std::size_t submissions_under_way = 1024;

/// Segments of a lane that are remembered, to be launched as a graph when they run again in the same memory.
inline constexpr std::size_t graphs_per_lane = 512;

/// A plan's segments become graphs if the whole plan, launched as one, takes at most this share of the time that single
/// calls take.
inline constexpr double graph_gain = 0.95;

/// The most workspace that a convolution may ask for.
inline constexpr std::size_t convolution_workspace = std::size_t{64} << 20;

/// The most workspace that a product may ask for.
inline constexpr std::size_t product_workspace = std::size_t{32} << 20;

} // namespace baton::gpu::cuda::defaults
