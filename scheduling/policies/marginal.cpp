#include "scheduling/policies/marginal.hpp"

namespace baton::scheduling::policies {

std::optional<time_point> marginal::ask_again(const view& v) const {
  return v.soon(defaults::ahead);
}

std::optional<device_id> marginal::next(const view& v, device_id from) const {
  if (v.devices().devices.size() <= most_devices) // running tasks are looked at too
    return policy::next(v, from);
  return v.next_soon(from, defaults::ahead);
}

} // namespace baton::scheduling::policies
