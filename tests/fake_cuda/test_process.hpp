#pragma once

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fake_cuda/fake_cuda.hpp"

/// For tests of the stand-in: every case runs in a process of its own, because it may end it, and because what is
/// injected stays. The test's own process never calls CUDA.
namespace fake_cuda::testing {

struct ending {
  int code = -1;
  int signal = 0;
  std::string said; ///< on stderr

  bool crashed() const { return signal == SIGSEGV || says("SEGV"); }
  bool says(const std::string& text) const { return said.find(text) != std::string::npos; }
};

enum class leaving {
  at_once, ///< without looking for what is left
  in_order ///< as `exit` does
};

/// How a process ends that runs `f`; with 0 if nothing is wrong.
inline ending run(const std::function<void()>& f, leaving how = leaving::at_once) {
  int ends[2];
  if (::pipe(ends) != 0)
    std::abort();
  std::fflush(nullptr);
  const auto child = ::fork();
  if (child == 0) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    for (auto s : {SIGSEGV, SIGABRT, SIGBUS})
      std::signal(s, SIG_DFL); // not the test framework's
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    f();
    if (how == leaving::in_order)
      std::exit(0);
    std::fflush(nullptr);
    ::_exit(0);
  }
  ::close(ends[1]);
  ending result;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    result.said.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return result;
}

/// Ends the child with 1 if something is not as it should be.
inline void expect(bool good, const char* what, int line) {
  if (good)
    return;
  std::fprintf(stderr, "line %d: not so: %s\n", line, what);
  std::fflush(stderr);
  ::_exit(1);
}

} // namespace fake_cuda::testing

#define EXPECT(condition) ::fake_cuda::testing::expect((condition), #condition, __LINE__)
/// For calls of the three libraries: all have 0 for success.
#define OK(call) ::fake_cuda::testing::expect((call) == 0, #call, __LINE__)

namespace fake_cuda::testing {

template <class T>
using span = ::cuda::std::span<T>;

/// As the backend launches.
template <class F, class... A>
void launch(cudaStream_t stream, F f, A... arguments) {
  enqueue(stream, touch(arguments...), [=] { f(view(arguments)...); });
}

template <class T>
span<T> allocate(std::size_t count) {
  void* p = nullptr;
  OK(cudaMalloc(&p, count * sizeof(T)));
  return {static_cast<T*>(p), count};
}

template <class T>
span<T> allocate_pinned(std::size_t count) {
  void* p = nullptr;
  OK(cudaHostAlloc(&p, count * sizeof(T), cudaHostAllocPortable));
  return {static_cast<T*>(p), count};
}

inline cudaStream_t make_stream() {
  cudaStream_t s = nullptr;
  OK(cudaStreamCreateWithPriority(&s, cudaStreamNonBlocking, 0));
  return s;
}

inline cudaEvent_t make_event(unsigned flags = cudaEventDisableTiming) {
  cudaEvent_t e = nullptr;
  OK(cudaEventCreateWithFlags(&e, flags));
  return e;
}

/// Two streams of device 0, one of device 1, and memory of device 0 that `first` has filled with 0, 1, 2, ...
struct bench {
  static constexpr std::size_t size = 1000;
  cudaStream_t first = make_stream();
  cudaStream_t second = make_stream();
  cudaStream_t other_device = make_on(1);
  cudaEvent_t event = make_event();
  span<float> host = allocate_pinned<float>(size);
  span<float> a = allocate<float>(size);
  span<float> b = allocate<float>(size);

  bench() {
    for (std::size_t i = 0; i < size; ++i)
      host[i] = static_cast<float>(i);
    upload(a);
  }
  static cudaStream_t make_on(int device) {
    OK(cudaSetDevice(device));
    auto* s = make_stream();
    OK(cudaSetDevice(0));
    return s;
  }
  void upload(span<float> to) const {
    OK(cudaMemcpyAsync(to.data(), host.data(), to.size_bytes(), cudaMemcpyHostToDevice, first));
  }
  void wait() const {
    OK(cudaStreamSynchronize(first));
    OK(cudaStreamSynchronize(second));
  }
  void give_back() const {
    wait();
    OK(cudaStreamSynchronize(other_device));
    OK(cudaFree(a.data()));
    OK(cudaFree(b.data()));
    OK(cudaFreeHost(host.data()));
    OK(cudaEventDestroy(event));
    for (auto* s : {first, second, other_device})
      OK(cudaStreamDestroy(s));
  }
};

inline void double_all(span<const float> from, span<float> to) {
  for (std::size_t i = 0; i < to.size(); ++i)
    to[i] = 2 * from[i];
}

inline void twice(cudaStream_t s, span<const float> from, span<float> to) {
  launch(s, double_all, from, to);
}

/// A graph of `twice` from `a` to `b`.
inline cudaGraphExec_t capture(const bench& b) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t result = nullptr;
  OK(cudaStreamBeginCapture(b.first, cudaStreamCaptureModeThreadLocal));
  twice(b.first, b.a, b.b);
  OK(cudaStreamEndCapture(b.first, &graph));
  OK(cudaGraphInstantiate(&result, graph, 0));
  OK(cudaGraphDestroy(graph));
  return result;
}

} // namespace fake_cuda::testing
