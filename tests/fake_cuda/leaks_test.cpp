#include <catch2/catch.hpp>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/test_process.hpp"

/// What a process does not give back is its fault.
using namespace fake_cuda;
using namespace fake_cuda::testing;

TEST_CASE("whatever is left at the end is named", "[cuda]") {
  auto leaves = [](const std::function<void()>& f, const std::string& what) {
    const auto end = run(f, leaving::in_order);
    INFO(end.said);
    CHECK(end.code == fault_exit_code);
    CHECK(end.says("left at the end of the process: " + what));
  };
  leaves([] { (void)make_stream(); }, "1 stream\n");
  leaves(
      [] {
        (void)make_event();
        (void)allocate<float>(3);
        (void)allocate<float>(3);
        (void)allocate_pinned<float>(3);
      },
      "2 blocks of device memory, 1 block of pinned memory, 1 event\n");
  leaves(
      [] {
        bench b;
        b.wait();
        (void)capture(b);
        b.give_back();
      },
      "1 executable graph\n");
  const auto clean = run([] { bench().give_back(); }, leaving::in_order);
  INFO(clean.said);
  CHECK(clean.code == 0);
  CHECK(clean.said.empty());
}
