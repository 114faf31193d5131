#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <tuple>

#include "gpu/cuda/handle.hpp"
#include "metadata/ids.hpp"

namespace baton::gpu::cuda {

/// What a graph was captured of. Addresses are baked into it.
struct graph_key {
  std::uint64_t plan = 0; ///< its serial number
  metadata::position begin;
  metadata::position end;
  const std::byte* block = nullptr;
  const std::byte* arena = nullptr;

  friend auto operator<=>(const graph_key&, const graph_key&) = default;
};

/// Whether a graph may take so many bytes of the GPU's memory; asked once it is captured, before it takes any.
using graph_grant = std::function<bool(std::size_t bytes)>;

/// The segments of one lane as CUDA graphs: what has run before in the same memory is launched in one call. The first
/// time a segment runs by single calls, so that kernels are loaded; the second time it is captured. Owned by the lane's
/// thread; the GPU must be current.
class graph_cache {
public:
  /// Remembers `most` segments, as soon as their graphs may take memory.
  explicit graph_cache(std::size_t most) : most_(most) {}
  /// From now on graphs may take so much of the GPU's memory. @pre not less than they do
  void allow(std::size_t bytes) { bytes_ = bytes; }
  std::size_t free() const { return bytes_ - taken_; } ///< what is left of it

  /// Puts what `enqueue` does on `stream`. `sequence` is the lane's number of it, `completed` the last that is over: a
  /// graph that may be running is not thrown away. `capture` gives the graph; nothing, where it is to be asked for
  /// again the next time; an empty one if there is none to be had: then it runs by single calls for ever, but where
  /// its memory was not granted because others have it. Throws `failure`.
  void run(const graph_key& of, std::uint64_t sequence, std::uint64_t completed, cudaStream_t stream,
           const std::function<void()>& enqueue,
           const std::function<std::optional<executable_graph>(const graph_grant&)>& capture);
  /// @pre the lane has drained
  void clear();

private:
  /// A segment, wherever its memory lies.
  using segment = std::tuple<std::uint64_t, metadata::position, metadata::position>;
  static segment segment_of(const graph_key& k) { return {k.plan, k.begin, k.end}; }

  struct entry {
    graph_key of;
    executable_graph ready; ///< empty until it is captured
    bool refused = false;
    std::size_t bytes = 0; ///< that it takes
    std::uint64_t last = 0;
  };

  void capture_into(entry& e, std::uint64_t sequence, std::uint64_t completed,
                    const std::function<std::optional<executable_graph>(const graph_grant&)>& capture);
  /// Makes room for one more, if the least recent one is not running.
  bool make_room(std::uint64_t completed);
  /// Of the segment's graphs, once one was captured; 0 before. So there is no capturing one for which there is no room,
  /// in how many blocks ever.
  std::size_t known_size(const graph_key& of) const;
  void note_size(const graph_key& of, std::size_t bytes);
  /// Whether graphs may take so much more. What was run in the last `most_` submissions keeps what it has: where there
  /// are more segments than room, they would push each other out for ever, and a capture costs more than single calls.
  bool have_room(std::size_t bytes, std::uint64_t sequence, std::uint64_t completed);
  void forget_last();

  std::size_t most_;
  std::size_t bytes_ = 0;
  std::size_t taken_ = 0;    ///< bytes of the graphs that are there
  std::list<entry> entries_; ///< the most recent first
  std::map<graph_key, std::list<entry>::iterator> index_;
  std::map<segment, std::size_t> sizes_; ///< in bytes, of `most_` segments at most
};

/// What `enqueue` puts on `stream`, captured, instantiated and uploaded; nothing runs. Empty if it cannot be captured,
/// or its memory is not granted.
executable_graph capture(cudaStream_t stream, const std::function<void()>& enqueue, const graph_grant& grant);

} // namespace baton::gpu::cuda
