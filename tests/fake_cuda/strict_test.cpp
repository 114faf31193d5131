#include <catch2/catch.hpp>

#include <cstring>
#include <vector>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/test_process.hpp"
#include "tests/fake_cuda/window.hpp"

/// Whatever is used wrongly ends the process and is named.
using namespace fake_cuda;
using namespace fake_cuda::testing;

namespace {

/// That `wrong`, done to a fresh bench, ends the process with a sentence that holds `text`.
void is_fatal(const std::function<void(bench&)>& wrong, const std::string& text) {
  const auto end = run([&] {
    bench b;
    wrong(b);
  });
  INFO(end.said);
  CHECK(end.code == fault_exit_code);
  CHECK(end.says("fake CUDA: "));
  CHECK(end.says(text));
}

void crashes(const std::function<void(bench&)>& wrong) {
  const auto end = run([&] {
    bench b;
    wrong(b);
  });
  INFO(end.said);
  CHECK(end.crashed());
}

} // namespace

TEST_CASE("what is not ordered is found when it is queued", "[cuda]") {
  is_fatal([](bench& b) { twice(b.second, b.a, b.b); }, "race: kernel on stream 2 of device 0 reads bytes [0,4000)");
  is_fatal([](bench& b) { twice(b.second, b.b, b.a); }, "writes bytes [0,4000) of a block on device 0, not ordered "
                                                        "after cudaMemcpyAsync on stream 1");
  is_fatal(
      [](bench& b) { // the event comes too early
        OK(cudaEventRecord(b.event, b.first));
        b.upload(b.b);
        OK(cudaStreamWaitEvent(b.second, b.event, 0));
        twice(b.second, b.b, b.a);
      },
      "race: ");
  is_fatal(
      [](bench& b) { // a wait for what was never recorded waits for nothing
        OK(cudaStreamWaitEvent(b.second, b.event, 0));
        twice(b.second, b.a, b.b);
      },
      "race: ");
  is_fatal(
      [](bench& b) { // two copies into one pinned buffer
        OK(cudaMemcpyAsync(b.host.data(), b.b.data(), 4, cudaMemcpyDeviceToHost, b.second));
      },
      "of a block of pinned memory, not ordered after");
  is_fatal(
      [](bench& b) {
        b.wait();
        auto* run = capture(b);
        OK(cudaGraphLaunch(run, b.first));
        twice(b.second, b.b, b.a);
      },
      "race: ");
  is_fatal(
      [](bench& b) {
        b.wait();
        auto* run = capture(b);
        OK(cudaGraphLaunch(run, b.first));
        OK(cudaGraphLaunch(run, b.second));
      },
      "not ordered after the same graph's run on stream 1");
}

TEST_CASE("the host cannot reach device memory", "[cuda]") {
  crashes([](bench& b) {
    b.wait();
    std::printf("%g\n", static_cast<double>(b.a[0]));
  });
  crashes([](bench& b) {
    b.wait();
    b.a[0] = 1;
  });
  crashes([](bench& b) {
    b.wait();
    std::memcpy(b.host.data(), b.a.data(), 16);
  });
  crashes([](bench& b) { // nor can a kernel by a pointer that it was not given as a span
    auto* smuggled = b.a.data();
    launch(
        b.first, [smuggled](span<float> x) { x[0] = smuggled[0]; }, b.b);
    b.wait();
  });
  is_fatal([](bench& b) { (void)translate(b.a.data()); }, "by a thread that is no stream's");
}

TEST_CASE("memory must be that of the device", "[cuda]") {
  is_fatal(
      [](bench& b) {
        b.wait();
        OK(cudaSetDevice(1));
        twice(b.other_device, b.a, b.b);
      },
      "kernel on stream 3 of device 1 was given memory of device 0");
  is_fatal(
      [](bench& b) {
        b.wait();
        OK(cudaSetDevice(1));
        twice(b.first, b.a, b.b);
      },
      "stream 1 of device 0 while device 1 is current");
  is_fatal(
      [](bench& b) {
        OK(cudaSetDevice(1));
        OK(cudaMemsetAsync(b.a.data(), 0, 4, b.first));
      },
      "stream 1 of device 0 while device 1 is current");
  is_fatal([](bench& b) { twice(b.first, b.host, b.b); }, "host address");
  is_fatal([](bench& b) { OK(cudaMemcpyPeerAsync(b.a.data(), 0, b.b.data(), 1, 4, b.first)); },
           "is said to lie on device 1, but lies on device 0");
  is_fatal(
      [](bench& b) {
        OK(cudaSetDevice(1));
        OK(cudaEventRecord(b.event, b.other_device));
      },
      "an event of device 0 on stream 3 of device 1");
  is_fatal([](bench& b) { twice(nullptr, b.a, b.b); }, "on the default stream");
  is_fatal([](bench& b) { OK(cudaMemsetAsync(b.a.data(), 0, 4, cudaStreamPerThread)); }, "on the default stream");
  is_fatal(
      [](bench&) {
        cudaStream_t s = nullptr;
        OK(cudaStreamCreateWithPriority(&s, cudaStreamDefault, 0));
      },
      "would wait for the default stream");
}

TEST_CASE("memory is used within its life", "[cuda]") {
  is_fatal(
      [](bench& b) {
        b.wait();
        OK(cudaFree(b.a.data()));
        twice(b.first, b.a, b.b);
      },
      "use after free");
  is_fatal([](bench& b) { OK(cudaFree(b.a.data())); }, "while cudaMemcpyAsync on stream 1 of device 0 may still use");
  is_fatal([](bench& b) { OK(cudaFreeHost(b.host.data())); }, "may still use it: the host has not waited for it");
  is_fatal(
      [](bench& b) {
        b.wait();
        OK(cudaFree(b.a.data()));
        OK(cudaFree(b.a.data()));
      },
      "double cudaFree");
  is_fatal([](bench& b) { OK(cudaFree(b.a.data() + 1)); }, "where no block begins");
  is_fatal([](bench& b) { OK(cudaFree(b.host.data())); }, "not in device memory");
  is_fatal([](bench& b) { OK(cudaFreeHost(b.a.data())); }, "where no pinned block begins");
  is_fatal(
      [](bench& b) { // a graph holds on to the addresses
        b.wait();
        auto* run = capture(b);
        OK(cudaFree(b.a.data()));
        OK(cudaGraphLaunch(run, b.first));
      },
      "use after free");
  is_fatal(
      [](bench& b) {
        OK(cudaStreamDestroy(b.second));
        twice(b.second, b.b, b.b);
      },
      "the stream given is destroyed");
  is_fatal(
      [](bench& b) {
        OK(cudaEventDestroy(b.event));
        OK(cudaEventRecord(b.event, b.first));
      },
      "the event given is destroyed");
  is_fatal(
      [](bench& b) {
        OK(cudaEventDestroy(b.event));
        OK(cudaEventDestroy(b.event));
      },
      "cudaEventDestroy: the event given is destroyed");
}

TEST_CASE("nothing is reached outside of the spans", "[cuda]") {
  is_fatal([](bench& b) { twice(b.first, b.a, span<float>(b.b.data(), bench::size + 1)); },
           "run past the end of their block");
  is_fatal(
      [](bench& b) {
        OK(cudaMemcpyAsync(b.a.data(), b.host.data(), b.host.size_bytes() + 4, cudaMemcpyHostToDevice, b.first));
      },
      "run past the end of their pinned block");
  auto writes_at = [](std::ptrdiff_t offset, std::size_t from = 0) {
    const auto end = run([=] {
      bench b;
      launch(
          b.first, [offset](span<float> x) { x.data()[offset] = 1; }, span<float>(b.b.data() + from, bench::size / 2));
      b.wait();
      OK(cudaFree(b.b.data()));
    });
    INFO(end.said);
    if (exact_spans)
      CHECK(end.says("use-after-poison"));
    else
      CHECK((end.crashed() || (end.code == fault_exit_code && end.says("kernel wrote outside of its spans"))));
  };
  writes_at(bench::size);
  writes_at(bench::size + 5);
  writes_at(-1);
  if (!exact_spans) {
    writes_at(bench::size + 100'000); // pages between blocks stop what goes far
    return;                           // only the sanitizer sees what stays inside of the block
  }
  writes_at(bench::size / 2);
  writes_at(-1, bench::size / 2);
  const auto end = run([] {
    bench b;
    launch(
        b.first, [](span<const float> x, span<float> y) { y[0] = x.data()[10]; }, span<const float>(b.a.data(), 10),
        b.b);
    b.wait();
  });
  CHECK(end.says("use-after-poison"));
}

TEST_CASE("host functions and captures do not make every call", "[cuda]") {
  is_fatal(
      [](bench& b) {
        OK(cudaLaunchHostFunc(
            b.first, [](void* s) { (void)cudaStreamQuery(static_cast<cudaStream_t>(s)); }, b.first));
        b.wait();
      },
      "cudaStreamQuery: a CUDA call inside of a host function");
  is_fatal(
      [](bench& b) {
        OK(cudaLaunchHostFunc(
            b.first, [](void*) { (void)cudaGetLastError(); }, nullptr));
        b.wait();
      },
      "cudaGetLastError: a CUDA call inside of a host function");
  auto while_capturing = [](auto wrong) {
    return [wrong](bench& b) {
      b.wait();
      OK(cudaStreamBeginCapture(b.first, cudaStreamCaptureModeThreadLocal));
      wrong(b);
    };
  };
  is_fatal(while_capturing([](bench&) { (void)allocate<float>(1); }), "cudaMalloc while this thread captures");
  is_fatal(while_capturing([](bench& b) { OK(cudaFree(b.a.data())); }), "cudaFree while this thread captures");
  is_fatal(while_capturing([](bench& b) { OK(cudaStreamSynchronize(b.first)); }), "stream 1, which captures");
  is_fatal(while_capturing([](bench& b) { OK(cudaEventRecord(b.event, b.first)); }), "stream 1, which captures");
}

TEST_CASE("copies go between the memories that they say", "[cuda]") {
  is_fatal(
      [](bench& b) {
        std::vector<float> pageable(bench::size);
        OK(cudaMemcpyAsync(b.a.data(), pageable.data(), 4, cudaMemcpyHostToDevice, b.first));
      },
      "is pageable, not pinned");
  is_fatal([](bench& b) { OK(cudaMemcpyAsync(b.a.data(), b.host.data(), 4, cudaMemcpyDeviceToHost, b.first)); },
           "the kind given is not from the host to the device");
  is_fatal([](bench& b) { OK(cudaMemcpyAsync(b.a.data(), b.a.data() + 1, 8, cudaMemcpyDeviceToDevice, b.first)); },
           "between ranges that overlap");
}
