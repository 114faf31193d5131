#include "scheduling/policy.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "scheduling/defaults.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling {

namespace {

using maker = std::unique_ptr<policy> (*)();
constexpr std::array<std::pair<std::string_view, maker>, 10> registered{{
    {"fifo", policies::make_fifo},
    {"priority", policies::make_priority},
    {"sjf", policies::make_sjf},
    {"edf", policies::make_edf},
    {"naive", policies::make_naive},
    {"non_naive", policies::make_non_naive},
    {"best", policies::make_best},
    {"contention_aware", policies::make_contention_aware},
    {"marginal:mean_latency", policies::make_marginal_latency},
    {"marginal:makespan", policies::make_marginal_makespan},
}};

/// Those that are nothing but an order.
constexpr std::array<std::string_view, 4> orders{"fifo", "sjf", "edf", "priority"};

/// Of a policy that makes one task of several requests: after its name may stand ":ROWS", and behind that what it has
/// beside.
struct joining_entry {
  enum class option : std::uint8_t { none, window, order }; ///< ":MICROSECONDS", ":POLICY"

  std::string_view name;
  std::unique_ptr<policy> (*make)(policies::joining_options);
  std::int64_t rows = 8; ///< without options
  option beside = option::none;
};
constexpr std::array<joining_entry, 6> joining{{
    {"cellular_batching", policies::make_cellular_batching},
    {"clockwork", policies::make_clockwork, 1},
    {"marginal", policies::make_marginal_slo, 1},
    {"marginal:slo", policies::make_marginal_slo, 1},
    {"fixed_window", policies::make_fixed_window, 8, joining_entry::option::window},
    {"lazy_batching", policies::make_lazy_batching, 8, joining_entry::option::order},
}};

/// By what follows the name. Null: it makes no sense.
std::unique_ptr<policy> make_joining(const joining_entry& e, std::string_view options) {
  const auto read = [](std::string_view part, std::int64_t most) {
    std::int64_t value = 0;
    const auto [end, problem] = std::from_chars(part.data(), part.data() + part.size(), value);
    const bool good = problem == std::errc{} && end == part.data() + part.size() && value >= 1 && value <= most;
    return good ? std::optional(value) : std::nullopt;
  };
  policies::joining_options result{.most_rows = e.rows};
  if (options.empty())
    return e.make(result);
  options.remove_prefix(1);
  const auto colon = options.find(':');
  const auto rows = read(options.substr(0, colon), defaults::most_rows_joined);
  if (!rows)
    return nullptr;
  result.most_rows = *rows;
  if (colon == options.npos)
    return e.make(result);
  options.remove_prefix(colon + 1);
  switch (e.beside) {
  case joining_entry::option::none: return nullptr;
  case joining_entry::option::window:
    if (const auto us = read(options, defaults::longest_window_us))
      result.window = std::chrono::microseconds(*us);
    else
      return nullptr;
    break;
  case joining_entry::option::order:
    if (std::find(orders.begin(), orders.end(), options) == orders.end())
      return nullptr;
    result.order = make_policy(options);
  }
  return e.make(result);
}

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
  for (const auto& e : joining)
    if (name.starts_with(e.name) && (name.size() == e.name.size() || name[e.name.size()] == ':'))
      if (auto made = make_joining(e, name.substr(e.name.size())))
        return made;
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
    names.push_back(entry.name);
  return names;
}

} // namespace baton::scheduling
