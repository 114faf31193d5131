#include "scheduling/emulator/lane_sharing.hpp"

#include <algorithm>
#include <utility>

namespace baton::scheduling {

using metadata::wide;

namespace {

/// Grains of a ns, in which work is counted.
constexpr wide grain = wide{1} << 20;

wide rounded_up(wide x, wide by) {
  return (x + by - 1) / by;
}

} // namespace

plan_course::plan_course(const std::vector<duration>& times, const std::vector<metadata::resource_use>& used,
                         const std::vector<std::uint32_t>& parts)
    : until(1) {
  for (std::size_t i = 0; i < times.size(); ++i) {
    first.push_back(static_cast<std::uint32_t>(uses.size()));
    const auto begin = until.back();
    const auto count = parts.empty() ? 1 : parts[i];
    for (std::uint32_t p = 1; p <= count; ++p)
      until.push_back(begin + metadata::to_duration(wide{times[i].count()} * p / count));
    uses.insert(uses.end(), count, used[i]);
  }
  first.push_back(static_cast<std::uint32_t>(uses.size()));
  other.resize(uses.size());
  for (auto i = static_cast<std::uint32_t>(uses.size()); i-- > 0;)
    other[i] = i + 1 < uses.size() && uses[i + 1] == uses[i] ? other[i + 1] : i + 1;
}

wide lane_sharing::run::behind(std::uint32_t before) const {
  return grain * (of->until[last] - of->until[before]).count();
}

void lane_sharing::put(std::uint32_t lane, const plan_course& of, std::uint32_t first, std::uint32_t last,
                       time_point at) {
  run r{.of = &of, .part = first, .last = last, .begins = at};
  r.left = r.behind(first);
  lanes_[lane] = r;
}

std::uint32_t lane_sharing::slowed() const {
  metadata::resource_use together{0, 0};
  for (const auto& r : lanes_)
    if (runs(r))
      together += r->of->uses[r->part];
  return metadata::slowdown(together);
}

/// Rounded up, as is what `next` says: so an end at a whole ns is met there.
void lane_sharing::bring_to(time_point now) {
  const auto done = rounded_up(grain * (now - now_).count() * metadata::whole_device, slowed());
  for (auto& r : lanes_)
    if (runs(r)) {
      r->left -= done;
      while (r->part + 1 < r->last && r->left <= r->behind(r->part + 1))
        ++r->part;
    }
  now_ = now;
}

std::optional<std::uint32_t> lane_sharing::done() const {
  const auto i =
      std::find_if(lanes_.begin(), lanes_.end(), [&](const auto& r) { return r && r->begins <= now_ && r->left <= 0; });
  return i == lanes_.end() ? std::nullopt : std::optional(static_cast<std::uint32_t>(i - lanes_.begin()));
}

time_point lane_sharing::next() const {
  if (done())
    return now_;
  const auto running = std::count_if(lanes_.begin(), lanes_.end(), [&](const auto& r) { return runs(r); });
  const auto times_as_long = slowed();
  auto soonest = never;
  for (const auto& r : lanes_) {
    if (runs(r)) {
      // Nobody is there to notice where one that is alone comes to another part.
      const auto to = running == 1 ? r->last : std::min(r->of->other[r->part], r->last);
      const auto takes = rounded_up((r->left - r->behind(to)) * times_as_long, grain * metadata::whole_device);
      soonest = std::min(soonest, now_ + metadata::to_duration(takes));
    } else if (r) {
      soonest = std::min(soonest, r->begins);
    }
  }
  return soonest;
}

} // namespace baton::scheduling
