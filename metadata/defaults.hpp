#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Bounds on what a model may be: far beyond any model that Baton can serve, small enough that a broken or hostile file
/// costs neither memory nor time.
namespace baton::metadata::defaults {

/// Extents of a value; oneDNN goes no further than 12, and no operator here needs more than 5.
inline constexpr std::size_t max_rank = 8;
/// One extent: what the kernels' 32-bit indices can count.
inline constexpr std::int64_t max_extent = INT32_MAX;
/// Elements of one value with every symbol at 1: 64 GiB of float32.
inline constexpr std::int64_t max_elements = std::int64_t{1} << 34;
/// Strides, pads, dilations, kernel extents, hidden sizes.
inline constexpr std::int64_t max_attribute = std::int64_t{1} << 24;
/// Nodes, initializers, inputs and outputs of a file: each costs a few hundred bytes whatever its size in the file.
inline constexpr std::size_t max_entries = 100'000;
/// Inputs of one node.
inline constexpr std::size_t max_operands = 1'000;
/// Symbols of a model.
inline constexpr std::size_t max_symbols = 64;
/// Elements of a constant that the importer itself must read, as a Reshape target.
inline constexpr std::size_t max_listed = 64;
/// Elements of small integer values computed at import, in all; an exported transformer has some thousands. What is
/// beyond is left to layers.
inline constexpr std::size_t max_folded = 65'536;
/// Bytes of constants that the file does not hold plainly: copied to be seen under another shape, or made by nodes.
inline constexpr std::uint64_t max_copied_bytes = std::uint64_t{64} << 20;
/// Problems of one file that `check_model` lists: more than anybody reads, few enough to keep.
inline constexpr std::size_t max_problems = 1'000;
/// Protobuf cannot encode more in one message.
inline constexpr std::uint64_t max_file_bytes = INT32_MAX;
/// A model in the JSON form: some ten thousand layers, and few enough bytes for whatever a parser makes of them.
inline constexpr std::uint64_t max_json_bytes = std::uint64_t{1} << 20;
/// How deep such a file may nest; it needs four: an object, its layers, a layer, its params.
inline constexpr int max_json_depth = 8;
/// Bytes of the name in such a file: each weight's seed is made of it.
inline constexpr std::size_t max_json_name = 256;
/// Bytes of a file's text that an error quotes.
inline constexpr std::size_t max_quoted = 80;
/// Terms of an extent, nested quotients included, and how deep these nest.
inline constexpr std::uint32_t max_terms = 64;
inline constexpr std::uint32_t max_depth = 8;
/// A .npy header.
inline constexpr std::size_t max_npy_header = 65'536;
/// How long another process may keep the store's file to itself.
inline constexpr std::chrono::milliseconds store_patience{2000};

// What an emulated device attains of its peaks. From measured_models.cpp, 1 row:
/// Of the arithmetic: ResNet-18's 3x3 convolutions of 64 channels (231 MFLOP) attain 50 to 71% on the GTX 1080 Ti and
/// 66 to 69% on the RTX 2060.
inline constexpr std::uint64_t arithmetic_percent = 70;
/// Of the memory's bandwidth: AlexNet's first linear layer (151 MB of weights) attains 67% and 90%.
inline constexpr std::uint64_t bandwidth_percent = 80;
/// Of PCIe's data rate, by pinned buffers: headers of packets of 128 to 256 bytes take 10 to 20%, and 12 to 13 of 15.75
/// GB/s is what copies over 16 lanes of generation 3 are known for. (ResNets' weights, copied from pageable memory,
/// attain 27 to 56% in measured_times.cpp.)
inline constexpr std::uint64_t pcie_percent = 80;
/// Of one layer in a table of measurements: an hour; what is longer is a mistake in the file.
inline constexpr std::chrono::hours max_layer_time{1};
/// Steps of a recurrent layer: a plan has some bytes for each.
inline constexpr std::uint64_t most_emulated_parts = 1U << 20;
/// Rows of a batch in a table.
inline constexpr std::uint32_t max_rows = 1U << 20;

} // namespace baton::metadata::defaults
