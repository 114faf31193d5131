#include "gpu/cuda/timeline.hpp"

#include "gpu/cuda/current_gpu.hpp"

namespace baton::gpu::cuda {

timeline::timeline(int gpu, observer tell) : gpu_(gpu), tell_(std::move(tell)), thread_([this] { run(); }) {}

timeline::~timeline() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
  current_gpu_quietly here(gpu_);
  under_way_.clear();
  spare_.clear();
}

std::uint64_t timeline::issue(cudaStream_t stream) {
  std::lock_guard lock(mutex_);
  event_handle done;
  if (spare_.empty()) {
    check(cudaEventCreateWithFlags(done.put(), cudaEventDisableTiming | cudaEventBlockingSync),
          "cudaEventCreateWithFlags");
  } else {
    done = std::move(spare_.back());
    spare_.pop_back();
  }
  check(cudaEventRecord(done.get(), stream), "cudaEventRecord");
  under_way_.push_back({++frontier_.issued, std::move(done)});
  changed_.notify_all();
  return frontier_.issued;
}

frontier timeline::progress() const {
  std::lock_guard lock(mutex_);
  return frontier_;
}

void timeline::wait_on(cudaStream_t stream, std::uint64_t sequence) {
  std::lock_guard lock(mutex_);
  for (const auto& e : under_way_)
    if (e.sequence >= sequence) {
      check(cudaStreamWaitEvent(stream, e.done.get(), 0), "cudaStreamWaitEvent");
      return;
    }
}

bool timeline::wait(std::uint64_t sequence) {
  std::unique_lock lock(mutex_);
  if (sequence > frontier_.issued)
    return true;
  changed_.wait(lock, [&] { return frontier_.completed >= sequence; });
  return !failed_at_ || *failed_at_ > sequence;
}

void timeline::run() {
  (void)cudaSetDevice(gpu_);
  std::string why;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return closing_ || !under_way_.empty(); });
    if (under_way_.empty())
      return;
    const auto sequence = under_way_.front().sequence;
    const auto event = under_way_.front().done.get();
    lock.unlock();
    auto result = cudaEventSynchronize(event);
    lock.lock();
    if (result != cudaSuccess && !failed_at_) {
      failed_at_ = sequence;
      why = std::string(cudaGetErrorName(result)) + ": " + cudaGetErrorString(result);
    }
    const auto fate = failed_at_ ? stream_fate::failed : stream_fate::done;
    lock.unlock();
    tell_(sequence, fate, why);
    lock.lock();
    spare_.push_back(std::move(under_way_.front().done));
    under_way_.pop_front();
    frontier_.completed = sequence;
    changed_.notify_all();
  }
}

void timeline_table::put(device_id device, lane_id lane, const std::shared_ptr<timeline>& t) {
  std::lock_guard lock(mutex_);
  std::erase_if(lanes_, [](const auto& entry) { return entry.second.expired(); });
  lanes_.emplace(std::pair{device, lane}, t);
}

std::vector<std::shared_ptr<timeline>> timeline_table::find(const ticket& t) const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<timeline>> result;
  const auto [first, last] = lanes_.equal_range({t.device, t.lane});
  for (auto i = first; i != last; ++i)
    if (auto alive = i->second.lock())
      result.push_back(std::move(alive));
  return result;
}

} // namespace baton::gpu::cuda
