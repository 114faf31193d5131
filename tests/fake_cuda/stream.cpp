#include "tests/fake_cuda/stream.hpp"

#include <atomic>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/machine.hpp"

namespace fake_cuda {
namespace {

unsigned next_number() {
  static std::atomic<unsigned> made{0};
  return ++made;
}

void perform(const job& j, stream_thread& thread, int device) {
  auto& state = *the_machine().devices[static_cast<std::size_t>(device)];
  if (j.delay > 0)
    std::this_thread::sleep_for(std::chrono::microseconds(j.delay));
  if (j.loses)
    state.lost = true;
  if (state.lost && !j.always)
    return;
  thread.before(j.touched);
  j.run();
  thread.after(j.touched, j.name);
}

} // namespace

// -- milestones -------------------------------------------------------------------------------------------------------

void milestone::pass() {
  std::lock_guard guard(mutex_);
  time_ = std::chrono::steady_clock::now();
  passed_ = true;
  changed_.notify_all();
}

void milestone::wait() {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [&] { return passed_; });
}

bool milestone::passed() {
  std::lock_guard guard(mutex_);
  return passed_;
}

std::chrono::steady_clock::time_point milestone::time() {
  std::lock_guard guard(mutex_);
  return time_;
}

// -- streams ----------------------------------------------------------------------------------------------------------

stream::stream(int its_device, unsigned its_slot, tick first)
    : device(its_device), slot(its_slot), number(next_number()), issued(first),
      chance(the_machine().seed * 0x9E3779B97F4A7C15ULL + number), done_(first), thread_([this] { serve(); }) {}

void stream::push(job j) {
  std::lock_guard guard(mutex_);
  queue_.push_back(std::move(j));
  work_.notify_one();
}

bool stream::reached(tick at) {
  std::lock_guard guard(mutex_);
  return done_ >= at;
}

void stream::wait(tick at) {
  std::unique_lock guard(mutex_);
  progress_.wait(guard, [&] { return done_ >= at; });
}

void stream::stop() {
  {
    std::lock_guard guard(mutex_);
    stop_ = true;
    work_.notify_one();
  }
  thread_.join();
}

void stream::serve() {
  stream_thread here;
  std::unique_lock guard(mutex_);
  while (true) {
    work_.wait(guard, [&] { return stop_ || !queue_.empty(); });
    if (queue_.empty())
      return;
    auto next = std::move(queue_.front());
    queue_.pop_front();
    guard.unlock();
    perform(next, here, device);
    next = {}; // what it holds goes before it is told to be over
    guard.lock();
    ++done_;
    progress_.notify_all();
  }
}

handles<cudaStream_t, stream>& streams() {
  static auto& all = *new handles<cudaStream_t, stream>(kind::stream);
  return all;
}

std::shared_ptr<stream> any_stream(cudaStream_t handle, const char* call) {
  if (handle == nullptr || handle == cudaStreamLegacy || handle == cudaStreamPerThread)
    die("%s on the default stream", call);
  return streams().at(handle, call);
}

std::shared_ptr<stream> usable_stream(cudaStream_t handle, const char* call) {
  auto s = any_stream(handle, call);
  if (s->device != current_device())
    die("%s: stream %u of device %d while device %d is current", call, s->number, s->device, current_device());
  return s;
}

} // namespace fake_cuda
