#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>

#include "gpu/cuda/defaults.hpp"
#include "gpu/cuda/graph_cache.hpp"
#include "gpu/cuda/handle.hpp"
#include "gpu/cuda/span.hpp"
#include "gpu/domain_memory.hpp"

namespace baton::gpu::cuda {

/// What a kernel notes when the task's data is at fault: an index that is outside of its table.
struct data_fault {
  std::int64_t layer = 0; ///< its index + 1; 0: no fault
  std::int64_t index = 0;
  std::int64_t extent = 0; ///< of the table
};

/// In a sentence. @pre a fault
error describe(const data_fault& fault, const metadata::model& of);

/// One execution order of a GPU: a stream, the libraries' handles for it, and memory for the time of one part. Owned by
/// its device's thread; the GPU must be current in all calls.
class lane {
public:
  /// `priority` as CUDA counts: lower is more urgent. Throws `failure`.
  lane(int gpu, int priority, std::shared_ptr<domain_memory> memory, std::string owner);
  ~lane();
  lane(const lane&) = delete;
  lane& operator=(const lane&) = delete;

  cudaStream_t stream() const { return stream_.get(); }
  cudnnHandle_t dnn() const { return dnn_.get(); } ///< set to this lane's stream
  cublasLtHandle_t blas() const { return blas_.get(); }
  std::byte* arena() const { return arena_.data(); }
  std::size_t arena_bytes() const { return arena_.bytes(); }
  /// Waits until the lane has drained, if the arena must grow. Throws `failure`.
  void reserve(std::size_t bytes);
  /// Makes the arena as large as it was before it grew, or was to.
  void give_back(std::size_t bytes);
  graph_cache& graphs() { return graphs_; }
  /// Plan number `plan` uses graphs: from the first that does on, memory is set aside for them, if the domain's limit
  /// is large enough and leaves it; else none are kept. Each later plan asks once more.
  void keep_graphs(std::uint64_t plan);
  /// While it lives, calls of the libraries may be made that do not become part of a graph (`capture_gate`).
  class library_calls {
  public:
    explicit library_calls(lane& of);
    ~library_calls();
    library_calls(const library_calls&) = delete;
    library_calls& operator=(const library_calls&) = delete;

  private:
    lane& of_;
    bool locked_;
  };
  /// While it lives, none are made: what waits for others that make some must not be waited for by them.
  class no_calls {
  public:
    explicit no_calls(lane& of);
    ~no_calls();
    no_calls(const no_calls&) = delete;
    no_calls& operator=(const no_calls&) = delete;

  private:
    lane& of_;
    bool had_;
  };
  /// What `enqueue` puts on the stream, as a graph; nothing runs. An empty one if it cannot be captured. Nothing if
  /// somebody makes calls of the libraries at the moment.
  std::optional<executable_graph> capture(const std::function<void()>& enqueue, const graph_grant& grant);
  /// A graph that is captured to be measured, and what it takes beyond what is set aside.
  struct passing_graph {
    buffer memory;
    executable_graph ready;
  };
  /// The same, but it waits for the others' calls; empty too if the domain's limit leaves no memory for graphs. It must
  /// be gone before more graphs are kept.
  passing_graph capture_to_measure(const std::function<void()>& enqueue);
  /// One element. Cleared before each submission whose kernels may write to it.
  span<data_fault> fault() const { return {reinterpret_cast<data_fault*>(fault_.data()), 1}; }
  void drain();

private:
  /// @pre has the gate alone
  executable_graph try_capture(const std::function<void()>& enqueue, const graph_grant& grant);

  std::shared_mutex& gate_;
  bool calling_ = false;   ///< a `library_calls` has the gate
  bool capturing_ = false; ///< has the gate alone
  std::shared_ptr<domain_memory> memory_;
  std::string owner_;
  stream_handle stream_;
  dnn_handle dnn_;
  blas_handle blas_;
  buffer arena_;
  buffer fault_;
  std::uint64_t asked_for_ = 0; ///< the last plan that memory for graphs was asked for
  buffer graph_memory_;         ///< counted for `graphs_`
  graph_cache graphs_{defaults::graphs_per_lane};
};

} // namespace baton::gpu::cuda
