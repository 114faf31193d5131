#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>
#include <vector>

#include "tests/fake_cuda/test_process.hpp"

/// What is used rightly works, asynchronously, and what is injected comes.
using namespace fake_cuda;
using namespace fake_cuda::testing;

namespace {

/// That `f`, in a process of its own, finds everything as it should be, and leaves nothing.
void works(const std::function<void()>& f) {
  const auto end = run(f, leaving::in_order);
  INFO(end.said);
  CHECK(end.code == 0);
  CHECK(end.signal == 0);
}

void download(const bench& b, span<const float> from, cudaStream_t on) {
  OK(cudaMemcpyAsync(b.host.data(), from.data(), from.size_bytes(), cudaMemcpyDeviceToHost, on));
  OK(cudaStreamSynchronize(on));
}

} // namespace

TEST_CASE("work ordered by events goes over streams and devices", "[cuda]") {
  for (const bool peers : {true, false})
    works([peers] {
      set_peers(peers);
      delay(300);
      bench b;
      OK(cudaEventRecord(b.event, b.first));
      OK(cudaStreamWaitEvent(b.second, b.event, 0));
      twice(b.second, b.a, b.b);
      auto* second_done = make_event();
      OK(cudaEventRecord(second_done, b.second));
      OK(cudaSetDevice(1));
      const auto there = allocate<float>(bench::size);
      auto* copied = make_event();
      OK(cudaStreamWaitEvent(b.other_device, second_done, 0));
      OK(cudaMemcpyPeerAsync(there.data(), 1, b.b.data(), 0, there.size_bytes(), b.other_device));
      twice(b.other_device, there, there);
      OK(cudaEventRecord(copied, b.other_device));
      OK(cudaSetDevice(0));
      OK(cudaStreamWaitEvent(b.first, copied, 0));
      OK(cudaMemcpyPeerAsync(b.a.data(), 0, there.data(), 1, there.size_bytes(), b.first));
      download(b, b.a, b.first);
      for (std::size_t i = 0; i < bench::size; ++i)
        EXPECT(b.host[i] == 4 * static_cast<float>(i));
      OK(cudaFree(there.data()));
      OK(cudaEventDestroy(second_done));
      OK(cudaEventDestroy(copied));
      b.give_back();
    });
}

TEST_CASE("with peer access a kernel reads another device's memory", "[cuda]") {
  works([] {
    bench b;
    b.wait();
    int reads = 0;
    OK(cudaDeviceCanAccessPeer(&reads, 1, 0));
    EXPECT(reads == 1);
    OK(cudaSetDevice(1));
    OK(cudaDeviceEnablePeerAccess(0, 0));
    EXPECT(cudaDeviceEnablePeerAccess(0, 0) == cudaErrorPeerAccessAlreadyEnabled);
    EXPECT(cudaGetLastError() == cudaErrorPeerAccessAlreadyEnabled);
    EXPECT(cudaGetLastError() == cudaSuccess);
    twice(b.other_device, b.a, b.b);
    OK(cudaSetDevice(0));
    b.give_back();
  });
  works([] {
    set_peers(false);
    int reads = 1;
    OK(cudaDeviceCanAccessPeer(&reads, 1, 0));
    EXPECT(reads == 0);
    EXPECT(cudaDeviceEnablePeerAccess(1, 0) == cudaErrorPeerAccessUnsupported);
  });
}

TEST_CASE("memory is limited, fresh memory is NaN and addresses are not used again", "[cuda]") {
  works([] {
    limit_memory(10'000);
    const auto a = allocate<std::byte>(6'000);
    void* p = nullptr;
    EXPECT(cudaMalloc(&p, 6'000) == cudaErrorMemoryAllocation);
    EXPECT(cudaGetLastError() == cudaErrorMemoryAllocation);
    std::size_t left = 0;
    std::size_t total = 0;
    OK(cudaMemGetInfo(&left, &total));
    EXPECT(left == 4'000);
    OK(cudaSetDevice(1)); // each device has its own
    const auto other = allocate<std::byte>(6'000);
    OK(cudaFree(other.data()));
    OK(cudaSetDevice(0));
    OK(cudaFree(a.data()));
    const auto again = allocate<std::byte>(6'000);
    EXPECT(again.data() != a.data());
    OK(cudaFree(again.data()));
  });
  works([] {
    bench b;
    download(b, b.b, b.first);
    EXPECT(std::isnan(b.host[0]) && std::isnan(b.host[bench::size - 1]));
    b.give_back();
  });
  works([] {
    for (int i = 0; i < 3'000; ++i)
      OK(cudaFree(allocate<float>(static_cast<std::size_t>(1 + i * 37)).data()));
  });
}

TEST_CASE("a lost device ends all waits and gives back what it held", "[cuda]") {
  works([] {
    bench b;
    b.wait();
    lose_after(0, 2);
    std::atomic<int> called{0};
    launch(
        b.first, [](span<float>) { std::this_thread::sleep_for(std::chrono::milliseconds(100)); }, b.b);
    twice(b.first, b.a, b.b); // here
    OK(cudaLaunchHostFunc(
        b.first, [](void* p) { static_cast<std::atomic<int>*>(p)->store(1); }, &called));
    OK(cudaEventRecord(b.event, b.first));
    EXPECT(cudaEventSynchronize(b.event) == cudaErrorIllegalAddress);
    EXPECT(cudaStreamSynchronize(b.first) == cudaErrorIllegalAddress);
    EXPECT(cudaStreamQuery(b.first) == cudaErrorIllegalAddress);
    EXPECT(cudaEventQuery(b.event) == cudaErrorIllegalAddress);
    EXPECT(called == 0);
    twice(b.second, b.b, b.a); // does nothing, and so is no race
    EXPECT(cudaGetLastError() == cudaErrorIllegalAddress);
    EXPECT(cudaGetLastError() == cudaErrorIllegalAddress);
    EXPECT(cudaMemcpyAsync(b.a.data(), b.host.data(), 4, cudaMemcpyDefault, b.first) == cudaErrorIllegalAddress);
    EXPECT(cudaEventRecord(b.event, b.first) == cudaErrorIllegalAddress);
    void* p = nullptr;
    EXPECT(cudaMalloc(&p, 4) == cudaErrorIllegalAddress);
    OK(cudaSetDevice(1)); // the others go on
    OK(cudaStreamSynchronize(b.other_device));
    OK(cudaFree(allocate<float>(4).data()));
    OK(cudaSetDevice(0));
    EXPECT(cudaFree(b.a.data()) == cudaErrorIllegalAddress);
    EXPECT(cudaFree(b.b.data()) == cudaErrorIllegalAddress);
    OK(cudaFreeHost(b.host.data()));
    OK(cudaEventDestroy(b.event));
    for (auto* s : {b.first, b.second, b.other_device})
      OK(cudaStreamDestroy(s));
    EXPECT(leaks().empty());
    heal();
    bench().give_back();
  });
  works([] { // and what is under way then may be freed at once
    link_speed(1);
    bench b;
    lose(0);
    (void)cudaFree(b.a.data());
    (void)cudaFree(b.b.data());
    OK(cudaFreeHost(b.host.data()));
    OK(cudaEventDestroy(b.event));
    for (auto* s : {b.first, b.second, b.other_device})
      OK(cudaStreamDestroy(s));
  });
}

TEST_CASE("events tell the time between them", "[cuda]") {
  works([] {
    bench b;
    auto* before = make_event(cudaEventBlockingSync);
    auto* after = make_event(cudaEventBlockingSync);
    float ms = 0;
    EXPECT(cudaEventElapsedTime(&ms, before, after) == cudaErrorInvalidResourceHandle); // never recorded
    OK(cudaEventRecord(before, b.first));
    launch(
        b.first, [](span<float>) { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }, b.b);
    OK(cudaEventRecord(after, b.first));
    EXPECT(cudaEventQuery(after) == cudaErrorNotReady);
    EXPECT(cudaEventElapsedTime(&ms, before, after) == cudaErrorNotReady);
    OK(cudaEventSynchronize(after));
    OK(cudaEventQuery(after));
    OK(cudaEventElapsedTime(&ms, before, after));
    EXPECT(ms >= 20 && ms < 5'000);
    OK(cudaEventRecord(b.event, b.first)); // without timing
    OK(cudaEventSynchronize(b.event));
    EXPECT(cudaEventElapsedTime(&ms, before, b.event) == cudaErrorInvalidResourceHandle);
    OK(cudaEventDestroy(before));
    OK(cudaEventDestroy(after));
    b.give_back();
  });
}

TEST_CASE("a graph runs what was captured, each time", "[cuda]") {
  works([] {
    bench b;
    b.wait();
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t runnable = nullptr;
    OK(cudaStreamBeginCapture(b.first, cudaStreamCaptureModeThreadLocal));
    twice(b.first, b.a, b.a);
    OK(cudaMemcpyAsync(b.host.data(), b.a.data(), b.a.size_bytes(), cudaMemcpyDeviceToHost, b.first));
    OK(cudaStreamEndCapture(b.first, &graph));
    OK(cudaStreamSynchronize(b.first));
    EXPECT(b.host[1] == 1); // nothing has run yet
    OK(cudaGraphInstantiate(&runnable, graph, 0));
    OK(cudaGraphDestroy(graph));
    OK(cudaGraphUpload(runnable, b.first));
    for (int i = 0; i < 3; ++i)
      OK(cudaGraphLaunch(runnable, b.first));
    OK(cudaStreamSynchronize(b.first));
    EXPECT(b.host[1] == 8);
    OK(cudaGraphExecDestroy(runnable));
    b.give_back();
  });
}

TEST_CASE("a host function is called in order, and the host knows what was before it", "[cuda]") {
  works([] {
    bench b;
    std::atomic<int> called{0};
    twice(b.first, b.a, b.b);
    OK(cudaLaunchHostFunc(
        b.first,
        [](void* p) {
          static_cast<std::atomic<int>*>(p)->store(1);
          static_cast<std::atomic<int>*>(p)->notify_all();
        },
        &called));
    called.wait(0);
    twice(b.second, b.b, b.a);
    b.give_back();
  });
}

TEST_CASE("many threads use their own streams", "[cuda]") {
  works([] {
    delay(20);
    bench b;
    b.wait();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&b, device = t % 2] {
        OK(cudaSetDevice(device));
        for (int round = 0; round < 20; ++round) {
          auto* mine = make_stream();
          auto* done = make_event();
          const auto x = allocate<float>(bench::size);
          OK(cudaMemcpyAsync(x.data(), b.host.data(), x.size_bytes(), cudaMemcpyHostToDevice, mine));
          for (int i = 0; i < 10; ++i)
            twice(mine, x, x);
          OK(cudaEventRecord(done, mine));
          OK(cudaEventSynchronize(done));
          OK(cudaFree(x.data()));
          OK(cudaEventDestroy(done));
          OK(cudaStreamDestroy(mine));
        }
      });
    for (auto& t : threads)
      t.join();
    b.give_back();
  });
}

TEST_CASE("the cards are described", "[cuda]") {
  works([] {
    int count = 0;
    OK(cudaGetDeviceCount(&count));
    EXPECT(count == 4);
    cudaDeviceProp p{};
    OK(cudaGetDeviceProperties(&p, 3));
    EXPECT(std::string(p.name) == "Stand-in GPU");
    EXPECT(p.totalGlobalMem == std::size_t{1} << 30);
    char bus[32] = {};
    OK(cudaDeviceGetPCIBusId(bus, sizeof bus, 3));
    EXPECT(std::string(bus) == "0000:04:00.0");
    EXPECT(cudaSetDevice(4) == cudaErrorInvalidDevice);
    EXPECT(std::string(cudaGetErrorName(cudaErrorIllegalAddress)) == "cudaErrorIllegalAddress");
  });
  works([] {
    ::setenv("FAKE_CUDA_DEVICES", "0", 1);
    int count = -1;
    EXPECT(cudaGetDeviceCount(&count) == cudaErrorNoDevice && count == 0);
  });
  works([] {
    ::setenv("FAKE_CUDA_LOSE", "0:3", 1);
    auto* s = make_stream();
    const auto x = allocate<float>(10);
    for (int i = 0; i < 4; ++i)
      (void)cudaMemsetAsync(x.data(), 0, 4, s);
    EXPECT(cudaStreamSynchronize(s) == cudaErrorIllegalAddress);
    (void)cudaFree(x.data());
    OK(cudaStreamDestroy(s));
    EXPECT(operations() >= 3);
  });
}
