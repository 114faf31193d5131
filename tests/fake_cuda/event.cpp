#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/machine.hpp"
#include "tests/fake_cuda/stream.hpp"

/// The runtime's calls that make events, record them and wait for them.
namespace fake_cuda {
namespace {

struct event {
  int device = 0;
  bool timed = false;
  std::shared_ptr<milestone> last; ///< under the machine's lock; null: never recorded
};

handles<cudaEvent_t, event>& events() {
  static auto& all = *new handles<cudaEvent_t, event>(kind::event);
  return all;
}

std::shared_ptr<milestone> last_record(const event& e) {
  std::lock_guard lock(the_machine().lock);
  return e.last;
}

} // namespace
} // namespace fake_cuda

using namespace fake_cuda;

extern "C" {

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* result, unsigned flags) {
  enter("cudaEventCreateWithFlags");
  if ((flags & ~static_cast<unsigned>(cudaEventBlockingSync | cudaEventDisableTiming)) != 0)
    return failed(cudaErrorInvalidValue);
  if (auto error = state_of(current_device()))
    return error;
  *result = events().add(std::make_shared<event>(event{current_device(), (flags & cudaEventDisableTiming) == 0, {}}));
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  enter("cudaEventDestroy");
  events().remove(handle, "cudaEventDestroy");
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t on) {
  enter("cudaEventRecord");
  const auto e = events().at(handle, "cudaEventRecord");
  const auto s = any_stream(on, "cudaEventRecord");
  if (e->device != s->device)
    die("cudaEventRecord of an event of device %d on stream %u of device %d", e->device, s->number, s->device);
  if (auto error = state_of(s->device))
    return error;
  std::lock_guard lock(the_machine().lock);
  if (s->capture)
    die("cudaEventRecord on stream %u, which captures: the stand-in captures one stream at a time", s->number);
  auto mark = std::make_shared<milestone>();
  submit(*s, {.name = "cudaEventRecord", .is = operation::sort::mark, .run = [mark] { mark->pass(); }});
  mark->before = s->now;
  e->last = std::move(mark);
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t awaited, unsigned flags) {
  enter("cudaStreamWaitEvent");
  const auto s = any_stream(handle, "cudaStreamWaitEvent");
  const auto e = events().at(awaited, "cudaStreamWaitEvent");
  if (flags != 0)
    return failed(cudaErrorInvalidValue);
  if (auto error = state_of(s->device))
    return error;
  std::lock_guard lock(the_machine().lock);
  if (s->capture)
    die("cudaStreamWaitEvent on stream %u, which captures: the stand-in captures one stream at a time", s->number);
  if (!e->last)
    return cudaSuccess;
  submit(*s, {.name = "cudaStreamWaitEvent", .run = [mark = e->last] { mark->wait(); }});
  s->now.join(e->last->before);
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t handle) {
  enter("cudaEventQuery");
  const auto e = events().at(handle, "cudaEventQuery");
  auto& m = the_machine();
  std::lock_guard lock(m.lock);
  if (m.lost(e->device))
    return state_of(e->device);
  if (e->last && !e->last->passed())
    return cudaErrorNotReady;
  if (e->last)
    m.host_waited_for(e->last->before);
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  enter("cudaEventSynchronize");
  const auto e = events().at(handle, "cudaEventSynchronize");
  auto& m = the_machine();
  if (const auto mark = last_record(*e)) {
    mark->wait();
    std::lock_guard lock(m.lock);
    m.host_waited_for(mark->before);
  }
  return state_of(e->device);
}

cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t begin, cudaEvent_t end) {
  enter("cudaEventElapsedTime");
  const auto b = events().at(begin, "cudaEventElapsedTime");
  const auto e = events().at(end, "cudaEventElapsedTime");
  if (auto error = state_of(e->device))
    return error;
  const auto first = last_record(*b);
  const auto second = last_record(*e);
  if (!b->timed || !e->timed || b->device != e->device || !first || !second)
    return failed(cudaErrorInvalidResourceHandle);
  if (!first->passed() || !second->passed())
    return cudaErrorNotReady;
  *ms = std::chrono::duration<float, std::milli>(second->time() - first->time()).count();
  return cudaSuccess;
}
}
