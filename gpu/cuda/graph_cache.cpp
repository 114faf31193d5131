#include "gpu/cuda/graph_cache.hpp"

#include <utility>

#include "gpu/cuda/defaults.hpp"

namespace baton::gpu::cuda {

executable_graph capture(cudaStream_t stream, const std::function<void()>& enqueue, const graph_grant& grant) {
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
  std::size_t nodes = 0;
  if (good && ended == cudaSuccess && graph && cudaGraphGetNodes(graph.get(), nullptr, &nodes) == cudaSuccess
      && grant(nodes * defaults::graph_node_bytes) && cudaGraphInstantiate(made.put(), graph.get(), 0) == cudaSuccess
      && cudaGraphUpload(made.get(), stream) == cudaSuccess)
    return made;
  (void)cudaGetLastError();
  return {};
}

void graph_cache::run(const graph_key& of, std::uint64_t sequence, std::uint64_t completed, cudaStream_t stream,
                      const std::function<void()>& enqueue,
                      const std::function<std::optional<executable_graph>(const graph_grant&)>& capture) {
  if (bytes_ == 0)
    return enqueue();
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
  if (!e.ready && !e.refused && have_room(known_size(of), sequence, completed))
    capture_into(e, sequence, completed, capture);
  if (!e.ready)
    return enqueue();
  check(cudaGraphLaunch(e.ready.get(), stream), "cudaGraphLaunch");
}

void graph_cache::capture_into(entry& e, std::uint64_t sequence, std::uint64_t completed,
                               const std::function<std::optional<executable_graph>(const graph_grant&)>& capture) {
  auto granted = true;
  std::size_t size = 0;
  auto made = capture([&](std::size_t bytes) {
    note_size(e.of, size = bytes);
    return granted = have_room(bytes, sequence, completed);
  });
  if (!made)
    return;
  e.ready = std::move(*made);
  e.refused = !e.ready && granted;
  if (e.ready)
    taken_ += e.bytes = size;
}

std::size_t graph_cache::known_size(const graph_key& of) const {
  const auto known = sizes_.find(segment_of(of));
  return known == sizes_.end() ? 0 : known->second;
}

void graph_cache::note_size(const graph_key& of, std::size_t bytes) {
  if (sizes_.size() >= most_ && !sizes_.contains(segment_of(of)))
    sizes_.clear(); // plans come and go: what is still run is soon known again
  sizes_[segment_of(of)] = bytes;
}

bool graph_cache::make_room(std::uint64_t completed) {
  if (entries_.size() < most_)
    return true;
  if (entries_.back().last > completed)
    return false;
  forget_last();
  return true;
}

bool graph_cache::have_room(std::size_t bytes, std::uint64_t sequence, std::uint64_t completed) {
  if (bytes > bytes_)
    return false;
  while (taken_ > bytes_ - bytes && entries_.back().last + most_ < sequence && entries_.back().last <= completed)
    forget_last();
  return taken_ <= bytes_ - bytes;
}

void graph_cache::forget_last() {
  taken_ -= entries_.back().bytes;
  index_.erase(entries_.back().of);
  entries_.pop_back();
}

void graph_cache::clear() {
  taken_ = 0;
  index_.clear();
  entries_.clear();
}

} // namespace baton::gpu::cuda
