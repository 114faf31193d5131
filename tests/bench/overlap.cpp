// Two tasks at once on two lanes of a GPU against one after the other, by how long a task is.
//
// overlap [--cuda-plugin FILE [--small]]: with the stand-in's plugin only whether both tasks give the right bits.
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "tests/gpu_check/overlap.hpp"

int main(int argc, char** argv) {
  std::string plugin;
  bool small = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--cuda-plugin" && i + 1 < argc) {
      plugin = argv[++i];
    } else if (word == "--small") {
      small = true;
    } else {
      std::fprintf(stderr, "overlap: unknown option '%s'\n", argv[i]);
      return 2;
    }
  }
  try {
    return baton::gpu_check::measure_overlap(plugin, small);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "overlap: %s\n", e.what());
    return 1;
  }
}
