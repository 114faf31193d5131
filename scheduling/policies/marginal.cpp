#include "scheduling/policies/marginal.hpp"

namespace baton::scheduling::policies {

std::optional<time_point> marginal::ask_again(const view& v) const {
  std::optional<time_point> first;
  for (const auto& d : v.devices().devices)
    if (const auto when = v.free_at(d.id) - defaults::ahead;
        when > v.now() && (!first || when < *first) && v.may_line_up(d.id) && v.first_waiting(d.id))
      first = when;
  return first;
}

std::optional<device_id> marginal::next(const view& v, device_id from) const {
  for (auto d = from; v.devices().has(d); ++d.value)
    if (decide(v, d))
      return d;
  return std::nullopt;
}

} // namespace baton::scheduling::policies
