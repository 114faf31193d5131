#include "gpu/cpu/thread_set.hpp"

#include <cstddef>

#include <omp.h>
#include <sched.h>

#if defined(__SSE__)
#include <immintrin.h>
#endif

namespace baton::gpu::cpu {
namespace {

void flush_denormals() {
#if defined(__SSE__)
  constexpr unsigned flush_to_zero = 0x8000;
  constexpr unsigned denormals_are_zero = 0x0040;
  _mm_setcsr(_mm_getcsr() | flush_to_zero | denormals_are_zero);
#endif
}

bool pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

std::vector<int> read_affinity() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> result;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(static_cast<std::size_t>(core), &set))
        result.push_back(core);
  if (result.empty())
    result.push_back(0);
  return result;
}

} // namespace

std::vector<int> usable_cores() {
  // Read once: a thread that a device has pinned would see its own core only.
  static const std::vector<int> cores = read_affinity();
  return cores;
}

expected<void> thread_set::enter() const {
  const auto threads = static_cast<int>(cores_.size());
  omp_set_num_threads(threads);
  int failed = -1;
  auto set_up = [&](std::size_t thread) {
    flush_denormals();
    if (pin_ && !pin_to(cores_[thread])) {
#pragma omp critical
      failed = cores_[thread];
    }
  };
  if (threads == 1) {
    set_up(0);
  } else {
#pragma omp parallel num_threads(threads)
    set_up(static_cast<std::size_t>(omp_get_thread_num()));
  }
  if (failed >= 0)
    return fail(errc::device_failed, "core " + std::to_string(failed) + " cannot be had for a device's thread");
  return {};
}

} // namespace baton::gpu::cpu
