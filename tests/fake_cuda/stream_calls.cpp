#include <map>
#include <vector>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/machine.hpp"
#include "tests/fake_cuda/stream.hpp"

/// The runtime's calls that make streams, wait for them and end them.
namespace fake_cuda {
namespace {

constexpr int least_priority = 0;
constexpr int greatest_priority = -5;

/// The slots of clocks: a stream's, or that of one that is no more.
struct slot_state {
  std::weak_ptr<stream> of;
  tick last = 0;
  bool taken = false;
};

/// Under the machine's lock.
std::vector<slot_state>& slots() {
  static auto& all = *new std::vector<slot_state>;
  return all;
}

/// A slot is used again when the host has waited for all that was put on it: then nothing refers to it any more that
/// is not known to be over.
unsigned take_slot() {
  auto& all = slots();
  for (unsigned i = 0; i < all.size(); ++i)
    if (!all[i].taken && (all[i].last == 0 || the_machine().host.covers(i, all[i].last)))
      return i;
  all.emplace_back();
  return static_cast<unsigned>(all.size() - 1);
}

void must_not_capture(const stream& s, const char* call) {
  if (s.capture)
    die("%s on stream %u, which captures", call, s.number);
}

} // namespace

std::shared_ptr<stream> stream_at(unsigned slot) {
  return slot < slots().size() ? slots()[slot].of.lock() : nullptr;
}

} // namespace fake_cuda

using namespace fake_cuda;

extern "C" {

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  enter("cudaDeviceGetStreamPriorityRange");
  *least = least_priority;
  *greatest = greatest_priority;
  return state_of(current_device());
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* result, unsigned flags, int) {
  enter("cudaStreamCreateWithPriority");
  if (flags != cudaStreamNonBlocking)
    die("cudaStreamCreateWithPriority: without cudaStreamNonBlocking, the stream would wait for the default stream");
  if (auto error = state_of(current_device()))
    return error;
  std::lock_guard lock(the_machine().lock);
  const auto slot = take_slot();
  auto& taken = slots()[slot];
  auto made = std::make_shared<stream>(current_device(), slot, taken.last);
  taken.of = made;
  taken.taken = true;
  *result = streams().add(std::move(made));
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  enter("cudaStreamDestroy");
  (void)any_stream(handle, "cudaStreamDestroy");
  const auto s = streams().remove(handle, "cudaStreamDestroy");
  auto& m = the_machine();
  {
    std::lock_guard lock(m.lock);
    must_not_capture(*s, "cudaStreamDestroy");
  }
  s->stop();
  std::lock_guard lock(m.lock);
  if (m.lost(s->device))
    m.host_waited_for(s->now); // nobody can wait for it any more
  auto& mine = slots()[s->slot];
  mine.last = s->issued;
  mine.taken = false;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  enter("cudaStreamSynchronize");
  const auto s = any_stream(handle, "cudaStreamSynchronize");
  auto& m = the_machine();
  tick until = 0;
  vector_clock over;
  {
    std::lock_guard lock(m.lock);
    must_not_capture(*s, "cudaStreamSynchronize");
    until = s->issued;
    over = s->now;
  }
  s->wait(until);
  std::lock_guard lock(m.lock);
  m.host_waited_for(over);
  return state_of(s->device);
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  enter("cudaStreamQuery");
  const auto s = any_stream(handle, "cudaStreamQuery");
  auto& m = the_machine();
  std::lock_guard lock(m.lock);
  must_not_capture(*s, "cudaStreamQuery");
  if (m.lost(s->device))
    return state_of(s->device);
  if (!s->reached(s->issued))
    return cudaErrorNotReady;
  m.host_waited_for(s->now);
  return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* argument) {
  enter("cudaLaunchHostFunc");
  const auto s = usable_stream(handle, "cudaLaunchHostFunc");
  if (auto error = state_of(s->device))
    return error;
  std::lock_guard lock(the_machine().lock);
  submit(*s, {.name = "cudaLaunchHostFunc", .is = operation::sort::host_function, .run = [function, argument] {
                function(argument);
              }});
  return cudaSuccess;
}
}
