#include "tests/fake_cuda/graph.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/machine.hpp"

namespace fake_cuda {
namespace {

thread_local int captures_here = 0;
std::atomic<int> captures_everywhere{0}; // of the mode that forbids calls to all threads

/// Device memory of a node: what NVIDIA's own cache of graphs reckons with.
constexpr std::size_t node_bytes = 10 << 10;

handles<cudaGraph_t, graph>& graphs() {
  static auto& all = *new handles<cudaGraph_t, graph>(kind::graph);
  return all;
}

handles<cudaGraphExec_t, executable_graph>& executables() {
  static auto& all = *new handles<cudaGraphExec_t, executable_graph>(kind::graph_exec);
  return all;
}

/// One run at a time: CUDA would put them in a row, but a plan's runs that are not ordered are a fault.
void check_last_run(const executable_graph& g, const stream& s) {
  if (g.last && g.last->slot != s.slot && !s.now.covers(g.last->slot, g.last->at)
      && !the_machine().host.covers(g.last->slot, g.last->at))
    die("cudaGraphLaunch on stream %u, not ordered after the same graph's run on stream %u", s.number, g.last->stream);
}

} // namespace

executable_graph::~executable_graph() {
  std::lock_guard lock(the_machine().lock);
  auto& device = *the_machine().devices[static_cast<std::size_t>(of.device)];
  device.used -= bytes;
  device.graph_bytes -= bytes;
}

void not_in_capture(const char* name) {
  if (captures_here > 0)
    die("%s while this thread captures", name);
  if (captures_everywhere > 0)
    die("%s while a thread captures in global mode", name);
}

void not_beside_captures(int device, const char* name) {
  not_in_capture(name);
  std::lock_guard lock(the_machine().lock);
  if (the_machine().devices[static_cast<std::size_t>(device)]->captures > 0)
    die("%s while a stream of device %d is captured: it may wait for the whole device, which spoils the capture", name,
        device);
}

} // namespace fake_cuda

using namespace fake_cuda;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  enter("cudaStreamBeginCapture");
  const auto s = usable_stream(handle, "cudaStreamBeginCapture");
  if (auto error = state_of(s->device))
    return error;
  std::lock_guard lock(the_machine().lock);
  if (s->capture)
    return failed(cudaErrorIllegalState);
  s->capture = std::make_shared<graph>();
  s->capture->device = s->device;
  s->captured_by = std::this_thread::get_id();
  s->capture_mode = mode;
  captures_here += mode != cudaStreamCaptureModeRelaxed;
  captures_everywhere += mode == cudaStreamCaptureModeGlobal;
  ++the_machine().devices[static_cast<std::size_t>(s->device)]->captures;
  ++the_machine().captures;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* result) {
  enter("cudaStreamEndCapture");
  const auto s = any_stream(handle, "cudaStreamEndCapture");
  std::lock_guard lock(the_machine().lock);
  if (!s->capture)
    return failed(cudaErrorIllegalState);
  if (s->capture_mode != cudaStreamCaptureModeRelaxed) {
    if (s->captured_by != std::this_thread::get_id())
      die("cudaStreamEndCapture by another thread than began it");
    --captures_here;
  }
  captures_everywhere -= s->capture_mode == cudaStreamCaptureModeGlobal;
  --the_machine().devices[static_cast<std::size_t>(s->device)]->captures;
  auto captured = std::exchange(s->capture, nullptr);
  if (auto error = state_of(s->device)) {
    *result = nullptr;
    return error;
  }
  *result = graphs().add(std::move(captured));
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  enter("cudaStreamIsCapturing");
  const auto s = any_stream(handle, "cudaStreamIsCapturing");
  std::lock_guard lock(the_machine().lock);
  *status = s->capture ? cudaStreamCaptureStatusActive : cudaStreamCaptureStatusNone;
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t handle, cudaGraphNode_t* nodes, size_t* count) {
  enter("cudaGraphGetNodes");
  const auto g = graphs().at(handle, "cudaGraphGetNodes");
  if (nodes)
    die("cudaGraphGetNodes: the stand-in only counts nodes");
  *count = g->operations.size();
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* result, cudaGraph_t handle, unsigned long long flags) {
  enter("cudaGraphInstantiate");
  not_in_capture("cudaGraphInstantiate");
  const auto g = graphs().at(handle, "cudaGraphInstantiate");
  if (flags != 0)
    return failed(cudaErrorInvalidValue);
  if (auto error = state_of(g->device))
    return error;
  auto made = std::make_shared<executable_graph>(*g);
  {
    const auto bytes = g->operations.size() * node_bytes;
    auto& m = the_machine();
    std::lock_guard lock(m.lock);
    auto& device = *m.devices[static_cast<std::size_t>(g->device)];
    const auto most = std::min(m.memory, m.memory_limit);
    if (bytes > most || device.used > most - bytes)
      return failed(cudaErrorMemoryAllocation);
    device.used += bytes;
    device.graph_bytes += bytes;
    made->bytes = bytes;
  }
  *result = executables().add(std::move(made));
  return cudaSuccess;
}

cudaError_t cudaGraphUpload(cudaGraphExec_t handle, cudaStream_t on) {
  enter("cudaGraphUpload");
  const auto g = executables().at(handle, "cudaGraphUpload");
  const auto s = usable_stream(on, "cudaGraphUpload");
  if (auto error = state_of(s->device))
    return error;
  std::lock_guard lock(the_machine().lock);
  submit(*s, {.name = "cudaGraphUpload", .run = [] {}});
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t handle, cudaStream_t on) {
  enter("cudaGraphLaunch");
  const auto g = executables().at(handle, "cudaGraphLaunch");
  const auto s = usable_stream(on, "cudaGraphLaunch");
  std::this_thread::sleep_for(std::chrono::microseconds{the_machine().graph_us});
  if (g->of.device != s->device)
    die("cudaGraphLaunch on device %d of a graph that was captured on device %d", s->device, g->of.device);
  if (auto error = state_of(s->device))
    return error;
  std::lock_guard lock(the_machine().lock);
  if (s->capture)
    die("cudaGraphLaunch on a stream that captures");
  check_last_run(*g, *s);
  ++the_machine().graph_launches;
  for (const auto& op : g->of.operations)
    submit(*s, op);
  g->last = {s->slot, s->number, s->issued};
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t handle) {
  enter("cudaGraphDestroy");
  graphs().remove(handle, "cudaGraphDestroy");
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t handle) {
  enter("cudaGraphExecDestroy");
  executables().remove(handle, "cudaGraphExecDestroy");
  return cudaSuccess;
}
}
