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

/// The segments of one lane as CUDA graphs: what has run before in the same memory is launched in one call. The first
/// time a segment runs by single calls, so that kernels are loaded; the second time it is captured. Owned by the lane's
/// thread; the GPU must be current.
class graph_cache {
public:
  explicit graph_cache(std::size_t most) : most_(most) {}

  /// Puts what `enqueue` does on `stream`. `sequence` is the lane's number of it, `completed` the last that is over: a
  /// graph that may be running is not thrown away. `capture` gives the graph; nothing, where it is to be asked for
  /// again the next time; an empty one if there is none to be had: then it runs by single calls for ever. Throws
  /// `failure`.
  void run(const graph_key& of, std::uint64_t sequence, std::uint64_t completed, cudaStream_t stream,
           const std::function<void()>& enqueue, const std::function<std::optional<executable_graph>()>& capture);
  /// @pre the lane has drained
  void clear();

private:
  struct entry {
    graph_key of;
    executable_graph ready; ///< empty until it is captured
    bool refused = false;
    std::uint64_t last = 0;
  };

  bool make_room(std::uint64_t completed);

  std::size_t most_;
  std::list<entry> entries_; ///< the most recent first
  std::map<graph_key, std::list<entry>::iterator> index_;
};

/// What `enqueue` puts on `stream`, captured, instantiated and uploaded; nothing runs. Empty if it cannot be captured.
executable_graph capture(cudaStream_t stream, const std::function<void()>& enqueue);

} // namespace baton::gpu::cuda
