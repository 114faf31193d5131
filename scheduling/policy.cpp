#include "scheduling/policy.hpp"

#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "scheduling/defaults.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling {

namespace {

using maker = std::unique_ptr<policy> (*)();
constexpr std::array<std::pair<std::string_view, maker>, 12> registered{{
    {"fifo", policies::make_fifo},
    {"priority", policies::make_priority},
    {"sjf", policies::make_sjf},
    {"edf", policies::make_edf},
    {"naive", policies::make_naive},
    {"non_naive", policies::make_non_naive},
    {"best", policies::make_best},
    {"clockwork", policies::make_clockwork},
    {"marginal", policies::make_marginal_slo},
    {"marginal:slo", policies::make_marginal_slo},
    {"marginal:mean_latency", policies::make_marginal_latency},
    {"marginal:makespan", policies::make_marginal_makespan},
}};

/// "ROWS" or "ROWS:MICROSECONDS". Nothing if it is neither.
std::optional<policies::joining_options> joining_options_of(std::string_view text) {
  policies::joining_options result;
  std::int64_t us = 0;
  const auto read = [&](std::string_view part, std::int64_t& into, std::int64_t most) {
    const auto [end, problem] = std::from_chars(part.data(), part.data() + part.size(), into);
    return problem == std::errc{} && end == part.data() + part.size() && into >= 1 && into <= most;
  };
  const auto colon = text.find(':');
  if (!read(text.substr(0, colon), result.most_rows, defaults::most_rows_joined))
    return std::nullopt;
  if (colon != text.npos) {
    if (!read(text.substr(colon + 1), us, defaults::longest_window_us))
      return std::nullopt;
    result.window = std::chrono::microseconds(us);
  }
  return result;
}

using joining_maker = std::unique_ptr<policy> (*)(policies::joining_options);
constexpr std::array<std::pair<std::string_view, joining_maker>, 3> joining{{
    {"cellular_batching", policies::make_cellular_batching},
    {"fixed_window", policies::make_fixed_window},
    {"lazy_batching", policies::make_lazy_batching},
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
  const auto colon = name.find(':');
  for (const auto& [known, make] : joining)
    if (known == name.substr(0, colon)) {
      const auto options =
          colon == name.npos ? std::optional(policies::joining_options{}) : joining_options_of(name.substr(colon + 1));
      if (known != "fixed_window" && name.find(':', colon + 1) != name.npos)
        return nullptr; // it has no window
      return options ? make(*options) : nullptr;
    }
  const auto found = added().find(name);
  return found == added().end() ? nullptr : found->second();
}

void add_policy(std::string name, std::function<std::unique_ptr<policy>()> make) {
  added().insert_or_assign(std::move(name), std::move(make));
}

std::vector<std::string_view> policy_names() {
  std::vector<std::string_view> names;
  names.reserve(std::size(registered) + std::size(joining));
  for (const auto& entry : registered)
    names.push_back(entry.first);
  for (const auto& entry : joining)
    names.push_back(entry.first);
  return names;
}

} // namespace baton::scheduling
