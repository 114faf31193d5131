#include "gpu/cuda/stager.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <thread>
#include <utility>

#include "gpu/cuda/defaults.hpp"

namespace baton::gpu::cuda {

/// A line with a thread of its own.
class stager::helper {
public:
  explicit helper(int gpu) : line_(gpu), thread_([this] { run(); }) {}
  ~helper() {
    {
      const std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  helper(const helper&) = delete;
  helper& operator=(const helper&) = delete;

  void start(std::function<void(staging_line&)> job) {
    {
      const std::lock_guard lock(mutex_);
      job_ = std::move(job);
    }
    changed_.notify_all();
  }
  /// Until the job is done; what it threw.
  std::exception_ptr wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !job_; });
    return std::exchange(thrown_, nullptr);
  }

private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return closing_ || job_; });
      if (!job_)
        return;
      lock.unlock();
      std::exception_ptr thrown;
      try {
        job_(line_);
      } catch (...) {
        thrown = std::current_exception();
      }
      lock.lock();
      thrown_ = thrown;
      job_ = nullptr;
      changed_.notify_all();
    }
  }

  staging_line line_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void(staging_line&)> job_; ///< until it is done
  std::exception_ptr thrown_;
  bool closing_ = false;
  std::thread thread_; ///< the last: it uses the others
};

stager::stager(int gpu) : gpu_(gpu), own_(gpu) {
  const auto lines =
      std::clamp(std::thread::hardware_concurrency() / defaults::cores_per_copy_line, 2U, defaults::most_copy_lines);
  for (auto i = 1U; i < lines; ++i)
    helpers_.push_back(std::make_unique<helper>(gpu));
}

stager::~stager() = default;

void stager::share(std::size_t bytes, const std::function<void(staging_line&, std::size_t, std::size_t)>& copy) {
  const std::lock_guard lock(mutex_);
  const auto lines = std::clamp<std::size_t>(bytes / defaults::copy_line_from, 1, helpers_.size() + 1);
  const auto piece =
      (bytes / lines + defaults::scratch_alignment - 1) / defaults::scratch_alignment * defaults::scratch_alignment;
  for (std::size_t i = 1; i < lines; ++i)
    helpers_[i - 1]->start([&copy, begin = i * piece, size = i + 1 < lines ? piece : bytes - i * piece](auto& line) {
      copy(line, begin, size);
    });
  std::exception_ptr thrown;
  try {
    copy(own_, 0, lines == 1 ? bytes : piece);
  } catch (...) {
    thrown = std::current_exception();
  }
  for (std::size_t i = 1; i < lines; ++i)
    if (auto theirs = helpers_[i - 1]->wait(); !thrown)
      thrown = theirs;
  if (thrown)
    std::rethrow_exception(thrown);
}

void stager::to_gpu(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel) {
  share(bytes, [&](staging_line& line, std::size_t begin, std::size_t size) {
    line.to_gpu(to + begin, from + begin, size, cancel);
  });
}

void stager::to_host(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel) {
  share(bytes, [&](staging_line& line, std::size_t begin, std::size_t size) {
    line.to_host(to + begin, from + begin, size, cancel);
  });
}

void stager::from_peer(std::byte* to, const std::byte* from, int other, std::size_t bytes,
                       const std::atomic<bool>* cancel) {
  const std::lock_guard lock(mutex_);
  own_.from_peer(to, from, other, bytes, cancel);
}

} // namespace baton::gpu::cuda
