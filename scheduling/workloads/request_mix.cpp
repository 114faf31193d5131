#include "scheduling/workloads/request_mix.hpp"

#include <string>

namespace baton::scheduling::workloads {

namespace {

std::vector<std::uint64_t> weights_of(const std::vector<request_class>& classes) {
  std::vector<std::uint64_t> weights;
  weights.reserve(classes.size());
  for (const auto& c : classes)
    weights.push_back(c.weight);
  return weights;
}

} // namespace

request_mix::request_mix(std::vector<request_class> classes)
    : classes_(std::move(classes)), choice_(weights_of(classes_)) {}

expected<void> request_mix::check(const std::vector<request_class>& classes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto& c = classes[i];
    const auto refuse = [&](const std::string& what) {
      return fail(errc::bad_argument, "request class " + std::to_string(i) + ": " + what);
    };
    if (c.rows == 0)
      return refuse("it has no rows");
    if (c.slo < duration::zero())
      return refuse("its deadline is before its arrival");
    if (c.weight > INT64_MAX - sum)
      return refuse("the sum of the weights is too large");
    sum += c.weight;
  }
  if (sum == 0)
    return fail(errc::bad_argument, "nothing is asked for: there is no request class with a weight above 0");
  return {};
}

} // namespace baton::scheduling::workloads
