#include "gpu/cuda/timeline.hpp"

#include <algorithm>

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

std::uint64_t timeline::issue(cudaStream_t stream, clock::time_point since, std::vector<ending_time> after) {
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
  std::promise<clock::time_point> ended;
  auto told = ended.get_future().share();
  under_way_.push_back(
      {++frontier_.issued, std::move(done), since, std::move(after), {}, std::move(ended), std::move(told)});
  changed_.notify_all();
  return frontier_.issued;
}

frontier timeline::progress() const {
  std::lock_guard lock(mutex_);
  return frontier_;
}

std::optional<timeline::clock::duration> timeline::taken(std::uint64_t sequence) const {
  std::lock_guard lock(mutex_);
  if (under_way_.empty() || under_way_.front().sequence != sequence)
    return std::nullopt;
  const auto& oldest = under_way_.front();
  const auto from = begun(oldest);
  return from ? std::optional(std::max(clock::duration{}, oldest.over.value_or(clock::now()) - *from)) : std::nullopt;
}

std::optional<timeline::clock::time_point> timeline::begun(const entry& e) const {
  auto from = std::max(e.since, idle_since_);
  for (const auto& other : e.after) {
    if (other.wait_for(clock::duration{}) != std::future_status::ready)
      return std::nullopt;
    from = std::max(from, other.get());
  }
  return from;
}

std::optional<ending_time> timeline::wait_on(cudaStream_t stream, std::uint64_t sequence) {
  std::lock_guard lock(mutex_);
  for (const auto& e : under_way_)
    if (e.sequence >= sequence) {
      check(cudaStreamWaitEvent(stream, e.done.get(), 0), "cudaStreamWaitEvent");
      return e.told;
    }
  return std::nullopt;
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
    auto& oldest = under_way_.front(); // it stays where it is until we take it out
    lock.unlock();
    const auto result = cudaEventSynchronize(oldest.done.get());
    lock.lock();
    oldest.over = clock::now();
    lock.unlock();
    ending e{.sequence = oldest.sequence};
    if (result == cudaSuccess)
      for (const auto& other : oldest.after)
        other.wait(); // has ended by now, but its own thread may have seen that later
    e.begun = begun(oldest).value_or(*oldest.over);
    e.ended = std::max(e.begun, *oldest.over);
    lock.lock();
    if (result != cudaSuccess && !failed_at_) {
      failed_at_ = e.sequence;
      why = std::string(cudaGetErrorName(result)) + ": " + cudaGetErrorString(result);
    }
    e.fate = failed_at_ ? stream_fate::failed : stream_fate::done;
    e.why = why;
    lock.unlock();
    tell_(e);
    lock.lock();
    oldest.ended.set_value(e.ended);
    idle_since_ = e.ended;
    spare_.push_back(std::move(oldest.done));
    under_way_.pop_front();
    frontier_.completed = e.sequence;
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
