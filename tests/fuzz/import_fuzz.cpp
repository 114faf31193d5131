#include "metadata/onnx_import.hpp"
#include "tests/fuzz/imported.hpp"

using namespace baton;

/// An ONNX file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  testing::import_bytes(data, size, metadata::import_onnx, metadata::check_onnx);
  return 0;
}
