#include <cstdint>
#include <cstdlib>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "metadata/onnx_import.hpp"

using namespace baton;

/// A model file, imported and checked; what is imported is asked what the runtime asks of a model.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = ::memfd_create("model.onnx", 0);
  static const auto name = "/proc/self/fd/" + std::to_string(file);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  (void)metadata::check_onnx(name, "fuzzed");
  auto m = metadata::import_onnx(name, "fuzzed");
  if (!m)
    return 0;
  std::vector<std::int64_t> ones((*m)->symbols().size(), 1);
  for (std::uint32_t layer = 0; layer < (*m)->layers().size(); ++layer) {
    (void)(*m)->flops(layer).bind(ones);
    (void)(*m)->live_bytes({layer, 0}).bind(ones);
  }
  return 0;
}
