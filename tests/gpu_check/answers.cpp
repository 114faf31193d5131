#include "tests/gpu_check/answers.hpp"

#include <cstdio>

#include "metadata/npy.hpp"
#include "tests/gpu_check/models.hpp"
#include "tests/support/reference.hpp"

namespace baton::gpu_check {

using namespace testing;

namespace {

/// Of the largest magnitude: what two orders of summing float32 may differ by over fifty layers.
constexpr double tolerance = 1e-4;
constexpr std::uint64_t seed = 11;

std::filesystem::path file_of(const std::filesystem::path& folder, const std::string& model, std::int64_t batch,
                              std::size_t output) {
  return folder / (model + "_" + std::to_string(batch) + "_" + std::to_string(output) + ".npy");
}

/// Gives `take` each model's name, batch and outputs.
template <class F>
void for_each_answer(const backend& on, bool small, F take) {
  const auto machine = demand(on.open(0));
  bench_device device(on, *machine, 0);
  for (const auto& m : measured_models(small))
    for (const auto batch : measured_batches(small)) {
      const auto symbols = m.symbols(batch);
      const auto plan = device.plan(m.model, symbols);
      take(m.name, batch, device.infer(*plan, random_inputs(*m.model, symbols, seed)));
    }
}

} // namespace

void record_answers(const backend& on, const std::filesystem::path& folder, bool small) {
  std::filesystem::create_directories(folder);
  for_each_answer(on, small, [&](const auto& name, auto batch, const auto& outputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i)
      if (auto written = metadata::write_npy(file_of(folder, name, batch, i), outputs[i]); !written)
        throw std::runtime_error(written.error().message);
  });
}

int check_answers(const backend& on, const std::filesystem::path& folder, bool small) {
  int wrong = 0;
  for_each_answer(on, small, [&](const auto& name, auto batch, const auto& outputs) {
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto wanted = demand(metadata::read_npy(file_of(folder, name, batch, i)));
      const auto difference = wanted.shape() == outputs[i].shape() ? relative_difference(outputs[i], wanted) : 1;
      const auto right = difference <= tolerance;
      wrong += right ? 0 : 1;
      std::printf("%-12s batch %-3lld output %zu: %s, differs by %.2g of the largest magnitude (at most %.0e)\n",
                  name.c_str(), static_cast<long long>(batch), i, right ? "right" : "WRONG", difference, tolerance);
    }
  });
  return wrong;
}

} // namespace baton::gpu_check
