#include "metadata/json_import.hpp"
#include "tests/fuzz/imported.hpp"

using namespace baton;

/// A model in the JSON form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  testing::import_bytes(data, size, metadata::import_json, metadata::check_json);
  return 0;
}
