#include <algorithm>

#include "metadata/resource_use.hpp"
#include "scheduling/defaults.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class contention_aware final : public policy {
public:
  std::string_view name() const override { return "contention_aware"; }
  bool chooses_among_shapes() const override { return true; }
  bool looks_ahead() const override { return true; }

  std::optional<decision> decide(const view& v, device_id d) const override {
    if (!v.has_free_lane(d))
      return std::nullopt;
    const auto first = v.first_waiting(d);
    if (!first)
      return std::nullopt;
    const auto beside = staying(v, d);
    if (beside == 0 || beside >= v.devices().at(d).lanes)
      return decision{first->task, std::nullopt};
    if (is_one_idle(v))
      return std::nullopt; // that takes it
    const auto t = pick(v, d, *first, static_cast<std::int64_t>(beside));
    return t ? std::optional{decision{*t, std::nullopt}} : std::nullopt;
  }

  std::optional<device_id> next(const view& v, device_id from) const override { return v.next_free(from); }

private:
  static std::size_t staying(const view& v, device_id d) {
    const auto running = v.running(d);
    return static_cast<std::size_t>(
        std::count_if(running.begin(), running.end(), [](const running_task& r) { return !r.leaving; }));
  }

  /// Whether some device has nothing to do and could have something.
  static bool is_one_idle(const view& v) {
    for (auto d = v.next_free({0}); d; d = v.next_free({d->value + 1}))
      if (staying(v, *d) == 0 && v.first_waiting(*d))
        return true;
    return false;
  }

  /// What collides least with the tasks there, if the device does more in the same time with it.
  static std::optional<task_id> pick(const view& v, device_id d, const waiting_task& first, std::int64_t beside) {
    struct candidate {
      waiting_task what;
      std::int64_t slowed = 0;
    };
    std::vector<candidate> all;
    auto least = INT64_MAX;
    for (const auto& t : v.heads(d)) {
      if (t.arrival > first.arrival + defaults::passed_over || !v.fits(t.shape, d))
        continue;
      all.push_back({t, v.slowdown(d, t.task)});
      least = std::min(least, all.back().slowed);
    }
    const auto now = std::int64_t{v.slowdown(d, std::nullopt)};
    const waiting_task* best = nullptr;
    for (const auto& c : all)
      if (c.slowed <= least + defaults::near_equal && gains(beside, now, c.slowed)
          && (!best || c.what.arrival < best->arrival))
        best = &c.what;
    return best ? std::optional{best->task} : std::nullopt;
  }

  /// Whether one task more at slowdown `then` is more work per time than `beside` of them at `now`.
  static bool gains(std::int64_t beside, std::int64_t now, std::int64_t then) {
    return (beside + 1) * now * metadata::whole_device
           >= beside * then * (metadata::whole_device + defaults::near_equal);
  }
};

} // namespace

std::unique_ptr<policy> make_contention_aware() {
  return std::make_unique<contention_aware>();
}

} // namespace baton::scheduling::policies
