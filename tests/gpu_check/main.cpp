// Checks and measures the CUDA backend on a card, without anything that only a machine for building has.
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "gpu/cuda_loader.hpp"
#include "tests/gpu_check/answers.hpp"
#include "tests/gpu_check/card_machine.hpp"
#include "tests/gpu_check/conformance.hpp"
#include "tests/gpu_check/overlap.hpp"
#include "tests/gpu_check/preempt.hpp"
#include "tests/gpu_check/timing.hpp"

using namespace baton;
using namespace baton::gpu_check;

namespace {

constexpr const char* usage =
    "usage: gpu_check COMMAND [--cuda-plugin FILE] [--small] [ARGUMENT...]\n"
    "  cards                 which cards there are, and the versions of what drives them\n"
    "  conformance [CATCH]   the conformance suite of devices; arguments are the test framework's\n"
    "  answers FOLDER        whole models against the answers kept in FOLDER\n"
    "  timings               measures what standard input asks for (compare.py)\n"
    "  preempt               segments that still run after an order, and for how long\n"
    "  overlap               two tasks at once on two lanes against one after the other\n"
    "--cuda-plugin: libbaton_cuda.so beside the program if not said. --small: little models, for an imitated card.\n";

struct options {
  std::string plugin;
  bool small = false;
  std::vector<const char*> rest; ///< the command first
};

options parse(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--cuda-plugin" && i + 1 < argc)
      o.plugin = argv[++i];
    else if (word == "--small")
      o.small = true;
    else
      o.rest.push_back(argv[i]);
  }
  return o;
}

int show_cards(const options& o) {
  auto* cuda = testing::demand(gpu::open_cuda(o.plugin));
  std::printf("%s\n", cuda->versions().c_str());
  for (const auto& a : cuda->accelerators())
    std::printf("card: %s (%s, %u SMs, %llu MiB)\n", a.name.c_str(), a.architecture.c_str(), a.multiprocessors,
                static_cast<unsigned long long>(a.memory >> 20));
  return 0;
}

int run(const options& o) {
  const std::string_view command = o.rest.empty() ? "" : o.rest[0];
  if (command == "cards")
    return show_cards(o);
  if (command == "conformance")
    return run_conformance(o.plugin, o.rest);
  if (command == "answers" && o.rest.size() == 2)
    return check_answers(first_card({.cuda_plugin = o.plugin}), o.rest[1], o.small) > 0 ? 1 : 0;
  if (command == "timings")
    return answer_timings(o.plugin, o.small);
  if (command == "preempt")
    return measure_preempts(o.plugin, o.small);
  if (command == "overlap")
    return measure_overlap(o.plugin, o.small);
  std::fputs(usage, stderr);
  return 2;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(parse(argc, argv));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "gpu_check: %s\n", e.what());
    return 1;
  }
}
