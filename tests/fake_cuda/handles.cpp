#include "tests/fake_cuda/handles.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/fake_cuda/fake_cuda.hpp"

namespace fake_cuda {
namespace {

constexpr auto kinds = static_cast<std::size_t>(kind::count);

constexpr std::array<kind_name, kinds> names{{
    {"block of device memory", "blocks of device memory"},
    {"block of pinned memory", "blocks of pinned memory"},
    {"stream", "streams"},
    {"event", "events"},
    {"graph", "graphs"},
    {"executable graph", "executable graphs"},
    {"cuDNN handle", "cuDNN handles"},
    {"tensor descriptor", "tensor descriptors"},
    {"filter descriptor", "filter descriptors"},
    {"convolution descriptor", "convolution descriptors"},
    {"activation descriptor", "activation descriptors"},
    {"pooling descriptor", "pooling descriptors"},
    {"LRN descriptor", "LRN descriptors"},
    {"dropout descriptor", "dropout descriptors"},
    {"RNN descriptor", "RNN descriptors"},
    {"RNN data descriptor", "RNN data descriptors"},
    {"cuBLASLt handle", "cuBLASLt handles"},
    {"product descriptor", "product descriptors"},
    {"matrix layout", "matrix layouts"},
    {"product preference", "product preferences"},
}};

constinit std::array<std::atomic<std::int64_t>, kinds> counts{};

/// After all static objects' destructors: the last chance of whatever owned something has passed.
[[gnu::destructor]] void say_what_is_left() {
  const auto left = leaks();
  if (left.empty())
    return;
  std::fflush(nullptr); // the exit below does not
  die("left at the end of the process: %s", left.c_str());
}

} // namespace

kind_name name_of(kind k) {
  return names[static_cast<std::size_t>(k)];
}

std::atomic<std::int64_t>& alive(kind k) {
  return counts[static_cast<std::size_t>(k)];
}

std::string leaks() {
  std::string result;
  for (std::size_t i = 0; i < kinds; ++i) {
    const auto count = counts[i].load();
    if (count == 0)
      continue;
    if (!result.empty())
      result += ", ";
    result += std::to_string(count) + " " + (count == 1 ? names[i].one : names[i].many);
  }
  return result;
}

} // namespace fake_cuda
