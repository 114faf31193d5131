#include "scheduling/policies/joining.hpp"

namespace baton::scheduling::policies {

together gather(const view& v, const waiting_task& head, device_id d, std::int64_t most) {
  together result{head, {}, head.rows, v.predicted(head.shape, d), !head.joins || head.rows >= most};
  if (result.full)
    return result;
  for (const auto& t : v.alike(head, d, static_cast<std::size_t>(most))) {
    if (t.task == head.task)
      continue;
    const auto rows = result.rows + t.rows;
    const auto takes = rows <= most ? v.predicted_together(head, rows, d) : duration{};
    if (takes == duration{}) {
      result.full = true;
      break;
    }
    if (!v.has_room(takes, d)) // it would stand in line there, and others may come before it has to
      return result;
    result.others.push_back(t.task);
    result.rows = rows;
    result.takes = takes;
  }
  result.full = result.full || result.rows >= most || v.predicted_together(head, result.rows + 1, d) == duration{};
  return result;
}

} // namespace baton::scheduling::policies
