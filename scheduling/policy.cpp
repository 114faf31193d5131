#include "scheduling/policy.hpp"

#include <array>
#include <map>
#include <utility>

#include "scheduling/policies/policies.hpp"

namespace baton::scheduling {

namespace {

using maker = std::unique_ptr<policy> (*)();
constexpr std::array<std::pair<std::string_view, maker>, 11> registered{{
    {"fifo", policies::make_fifo},
    {"priority", policies::make_priority},
    {"sjf", policies::make_sjf},
    {"edf", policies::make_edf},
    {"naive", policies::make_naive},
    {"non_naive", policies::make_non_naive},
    {"best", policies::make_best},
    {"marginal", policies::make_marginal_slo},
    {"marginal:slo", policies::make_marginal_slo},
    {"marginal:mean_latency", policies::make_marginal_latency},
    {"marginal:makespan", policies::make_marginal_makespan},
}};

using makers = std::map<std::string, std::function<std::unique_ptr<policy>()>, std::less<>>;

makers& added() {
  static makers all;
  return all;
}

} // namespace

std::unique_ptr<policy> make_policy(std::string_view name) {
  for (const auto& [known, make] : registered)
    if (known == name)
      return make();
  const auto found = added().find(name);
  return found == added().end() ? nullptr : found->second();
}

void add_policy(std::string name, std::function<std::unique_ptr<policy>()> make) {
  added().insert_or_assign(std::move(name), std::move(make));
}

std::vector<std::string_view> policy_names() {
  std::vector<std::string_view> names;
  names.reserve(std::size(registered));
  for (const auto& entry : registered)
    names.push_back(entry.first);
  return names;
}

} // namespace baton::scheduling
