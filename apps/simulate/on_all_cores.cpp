#include "apps/simulate/on_all_cores.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace baton::apps::simulate {

/// Jobs are begun in their order: all before one that fails are done.
expected<void> on_all_cores(std::size_t jobs, unsigned threads, const std::function<expected<void>(std::size_t)>& job,
                            const std::function<void()>& done) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::size_t failed = jobs;
  expected<void> result;
  const auto work = [&] {
    for (auto i = next++; i < jobs; i = next++) {
      auto r = job(i);
      const std::lock_guard lock(mutex);
      if (!r && i < failed) {
        failed = i;
        result = std::move(r);
      }
      if (failed < jobs)
        next = jobs;
      else
        done();
    }
  };
  if (threads == 0)
    threads = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < std::min<std::size_t>(threads, jobs); ++i)
    others.emplace_back(work);
  work();
  others.clear();
  return result;
}

} // namespace baton::apps::simulate
