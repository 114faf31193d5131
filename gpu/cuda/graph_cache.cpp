#include "gpu/cuda/graph_cache.hpp"

#include <utility>

namespace baton::gpu::cuda {

executable_graph capture(cudaStream_t stream, const std::function<void()>& enqueue) {
  check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
  auto good = true;
  captured_graph graph;
  try {
    enqueue();
  } catch (const failure&) {
    good = false; // told again, if it was not the capture's fault, by the single calls
  } catch (...) {
    (void)cudaStreamEndCapture(stream, graph.put());
    throw;
  }
  const auto ended = cudaStreamEndCapture(stream, graph.put());
  executable_graph made;
  if (good && ended == cudaSuccess && graph && cudaGraphInstantiate(made.put(), graph.get(), 0) == cudaSuccess
      && cudaGraphUpload(made.get(), stream) == cudaSuccess)
    return made;
  (void)cudaGetLastError();
  return {};
}

void graph_cache::run(const graph_key& of, std::uint64_t sequence, std::uint64_t completed, cudaStream_t stream,
                      const std::function<void()>& enqueue,
                      const std::function<std::optional<executable_graph>()>& capture) {
  const auto known = index_.find(of);
  if (known == index_.end()) {
    if (make_room(completed)) {
      entries_.push_front({.of = of, .last = sequence});
      index_[of] = entries_.begin();
    }
    return enqueue();
  }
  auto& e = *known->second;
  entries_.splice(entries_.begin(), entries_, known->second);
  e.last = sequence;
  if (!e.ready && !e.refused)
    if (auto made = capture()) {
      e.ready = std::move(*made);
      e.refused = !e.ready;
    }
  if (!e.ready)
    return enqueue();
  check(cudaGraphLaunch(e.ready.get(), stream), "cudaGraphLaunch");
}

bool graph_cache::make_room(std::uint64_t completed) {
  if (entries_.size() < most_)
    return true;
  if (entries_.back().last > completed)
    return false;
  index_.erase(entries_.back().of);
  entries_.pop_back();
  return true;
}

void graph_cache::clear() {
  index_.clear();
  entries_.clear();
}

} // namespace baton::gpu::cuda
