// Writes the answers of a CPU device to the models that the GPU check measures.
#include <cstdio>
#include <exception>
#include <string_view>

#include "tests/gpu_check/answers.hpp"

int main(int argc, char** argv) {
  using namespace baton;
  const bool small = argc == 3 && std::string_view(argv[2]) == "--small";
  if (argc != 2 && !small) {
    std::fputs("usage: gpu_check_record FOLDER [--small]\n", stderr);
    return 2;
  }
  const testing::backend cpu{"cpu",
                             [](std::uint64_t limit) {
                               const auto specs = testing::demand(gpu::parse_devices("cpu:1"));
                               return gpu::open_machine(specs, {.memory_limit = limit, .pin_threads = false});
                             },
                             true};
  try {
    gpu_check::record_answers(cpu, argv[1], small);
    return 0;
  } catch (const std::exception& e) {
    std::fprintf(stderr, "gpu_check_record: %s\n", e.what());
    return 1;
  }
}
