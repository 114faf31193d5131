#include "metadata/batch_symbols.hpp"

namespace baton::metadata {

std::vector<bool> batch_symbols(const model& m) {
  std::vector<bool> is_batch(m.symbols().size());
  for (const auto v : m.inputs()) {
    const auto& input = m.values()[v];
    if (!input.batch_axis || *input.batch_axis >= input.shape.size())
      continue;
    if (const auto s = input.shape[*input.batch_axis].as_symbol())
      is_batch[*s] = true;
  }
  return is_batch;
}

} // namespace baton::metadata
