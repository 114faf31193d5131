#include "apps/precision_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

#include "apps/lone_device.hpp"
#include "apps/table.hpp"

namespace baton::apps {
namespace {

struct answer {
  std::vector<metadata::tensor> outputs;
  std::size_t weight_bytes = 0;
  std::size_t block_bytes = 0;
  std::string device;
};

expected<answer> ask(const std::shared_ptr<const metadata::model>& m, std::span<const metadata::tensor> inputs,
                     std::span<const gpu::device_spec> devices, const gpu::machine_options& options) {
  const auto symbols = m->bind(inputs);
  if (!symbols)
    return tl::unexpected(symbols.error());
  const auto opened = open_lone_device(m, *symbols, devices, options);
  if (!opened)
    return tl::unexpected(opened.error());
  auto outputs = opened->run(inputs);
  if (!outputs)
    return tl::unexpected(outputs.error());
  return answer{std::move(*outputs), opened->weights->bytes(), opened->plan->block_bytes(),
                opened->device->description().name};
}

std::string compare(const metadata::tensor& result, const metadata::tensor& reference) {
  if (result.type() != metadata::element_type::float32)
    return std::memcmp(result.data(), reference.data(), result.bytes()) == 0 ? "the same" : "differs";
  const auto error = error_of(result, reference);
  return fmt::format("relative rms error {:.1e}, largest error {:.1e} of the largest magnitude", error.rms,
                     error.largest);
}

} // namespace

precision_error error_of(const metadata::tensor& result, const metadata::tensor& reference) {
  const auto got = result.as<float>();
  const auto wanted = reference.as<float>();
  double difference = 0;
  double size = 0;
  double furthest = 0;
  double most = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (got[i] == wanted[i] || (std::isnan(got[i]) && std::isnan(wanted[i])))
      continue;
    const auto apart = std::abs(static_cast<double>(got[i]) - wanted[i]);
    difference += apart * apart;
    furthest = std::isnan(apart) ? std::numeric_limits<double>::infinity() : std::max(furthest, apart);
  }
  for (const double x : wanted)
    if (std::isfinite(x)) {
      size += x * x;
      most = std::max(most, std::abs(x));
    }
  if (!std::isfinite(furthest))
    return {furthest, furthest};
  const auto count = static_cast<double>(std::max<std::size_t>(wanted.size(), 1));
  return size > 0 ? precision_error{std::sqrt(difference / size), furthest / most}
                  : precision_error{std::sqrt(difference / count), furthest};
}

expected<void> report_precision(std::shared_ptr<const metadata::model> m, std::span<const metadata::tensor> inputs,
                                std::span<const gpu::device_spec> devices, const gpu::machine_options& options,
                                std::string_view name) {
  // First, since it may not be had.
  const auto narrow = ask(m, inputs, devices, options);
  if (!narrow)
    return tl::unexpected(narrow.error());
  auto full = options;
  full.multiplies = gpu::precision::fp32;
  const auto wide = ask(m, inputs, devices, full);
  if (!wide)
    return tl::unexpected(wide.error());
  fmt::print("{} beside fp32 on {}, on random inputs:\n", name, narrow->device);
  for (std::size_t i = 0; i < m->outputs().size(); ++i)
    fmt::print("{:<12}{}: {}\n", "output", m->values()[m->outputs()[i]].name,
               compare(narrow->outputs[i], wide->outputs[i]));
  const auto bytes = [](std::size_t n) { return human_bytes(static_cast<double>(n)); };
  fmt::print("{:<12}weights {} instead of {}, activations {} instead of {}\n", "memory", bytes(narrow->weight_bytes),
             bytes(wide->weight_bytes), bytes(narrow->block_bytes), bytes(wide->block_bytes));
  return {};
}

} // namespace baton::apps
