#include "scheduling/policy.hpp"

#include <array>
#include <utility>

#include "scheduling/policies/policies.hpp"

namespace baton::scheduling {

namespace {

using maker = std::unique_ptr<policy> (*)();
constexpr std::array<std::pair<std::string_view, maker>, 7> registered{{
    {"fifo", policies::make_fifo},
    {"priority", policies::make_priority},
    {"sjf", policies::make_sjf},
    {"edf", policies::make_edf},
    {"naive", policies::make_naive},
    {"non_naive", policies::make_non_naive},
    {"best", policies::make_best},
}};

} // namespace

std::optional<device_id> policy::next(const view& v, device_id from) const {
  for (auto d = from; v.devices().has(d); ++d.value)
    if (decide(v, d))
      return d;
  return std::nullopt;
}

std::unique_ptr<policy> make_policy(std::string_view name) {
  for (const auto& [known, make] : registered)
    if (known == name)
      return make();
  return nullptr;
}

std::vector<std::string_view> policy_names() {
  std::vector<std::string_view> names;
  names.reserve(std::size(registered));
  for (const auto& entry : registered)
    names.push_back(entry.first);
  return names;
}

} // namespace baton::scheduling
