#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

#include "metadata/model_problems.hpp"

namespace baton::testing {

/// A model file, imported and checked; what is imported is asked what the runtime asks of a model.
template <class Import, class Check>
void import_bytes(const std::uint8_t* data, std::size_t size, Import import, Check check) {
  static const int file = ::memfd_create("model", 0);
  static const auto name = "/proc/self/fd/" + std::to_string(file);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  const auto checked = check(name, "fuzzed");
  const auto m = import(name, "fuzzed");
  if (checked.has_value() != m.has_value())
    std::abort();
  if (!m)
    return;
  std::vector<std::int64_t> ones((*m)->symbols().size(), 1);
  for (std::uint32_t layer = 0; layer < (*m)->layers().size(); ++layer) {
    (void)(*m)->flops(layer).bind(ones);
    (void)(*m)->live_bytes({layer, 0}).bind(ones);
  }
}

} // namespace baton::testing
