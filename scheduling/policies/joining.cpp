#include "scheduling/policies/joining.hpp"

namespace baton::scheduling::policies {

together gather(const view& v, const waiting_task& head, device_id d, std::int64_t most, time_point by, bool ahead) {
  together result{head, {}, head.rows, v.predicted(head.shape, d)};
  result.full = !head.joins || head.rows >= most;
  auto all = head;
  const auto moved = by != never || ahead;
  const auto look = [&] { return moved ? v.prospect_of(all, d) : prospect{}; }; // `work` is of the head alone
  const auto alone = look();
  result.moving = alone.moving;
  result.result = alone.result;
  if (result.full)
    return result;
  for (const auto& t : v.alike(head, d, static_cast<std::size_t>(most))) {
    if (t.task == head.task)
      continue;
    const auto rows = result.rows + t.rows;
    const auto takes = rows <= most ? v.predicted_together(head, rows, d) : duration{};
    all.rows = rows;
    const auto way = look();
    if (takes == duration{} || (by != never && v.free_at(d) + way.moving + takes + way.result > by)) {
      result.full = true;
      break;
    }
    if (!ahead && !v.has_room(takes, d)) // it would stand in line there, and others may come before it has to
      return result;
    result.others.push_back(t.task);
    result.rows = rows;
    result.takes = takes;
    result.moving = way.moving;
    result.result = way.result;
  }
  result.full = result.full || result.rows >= most || v.predicted_together(head, result.rows + 1, d) == duration{};
  return result;
}

} // namespace baton::scheduling::policies
