#include <algorithm>
#include <vector>

#include "scheduling/defaults.hpp"
#include "scheduling/policies/joining.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class lazy_batching final : public policy {
public:
  explicit lazy_batching(joining_options o) : options_(o) {}

  std::string_view name() const override { return "lazy_batching"; }
  std::int64_t rank(const waiting_task& t) const override {
    return options_.order ? options_.order->rank(t) : t.deadline.count();
  }
  bool chooses_among_shapes() const override { return true; }
  std::int64_t most_rows() const override { return options_.most_rows; }

  std::optional<decision> decide(const view& v, device_id d) const override {
    const auto heads = v.heads(d);
    if (heads.empty())
      return std::nullopt;
    return v.has_free_lane(d) ? next_batch(v, d, heads) : interruption(v, d, heads);
  }

private:
  /// Who has come least far goes on until it meets those ahead of it, as long as these can wait.
  std::optional<decision> next_batch(const view& v, device_id d, const waiting_list& heads) const {
    const waiting_task* urgent = nullptr;
    for (const auto& h : heads)
      if (v.fits(h.shape, d) && (!urgent || comes_before(h, *urgent)))
        urgent = &h;
    if (!urgent)
      return std::nullopt;
    // How far one has come that is on its way back shows when it is here.
    const auto running = v.running(d);
    if (std::any_of(running.begin(), running.end(),
                    [&](const running_task& r) { return r.leaving && r.model == urgent->model; }))
      return std::nullopt;
    if (!urgent->joins)
      return start(gather(v, *urgent, d, options_.most_rows));
    std::vector<waiting_task> levels; // of its model, that could meet on this device; by how far they have come
    const auto domain = v.devices().at(d).domain;
    for (const auto& h : heads)
      if (h.model == urgent->model && h.joins && v.fits(h.shape, d)
          && (h.laid_out_by == no_device || h.values_in == domain))
        levels.push_back(h);
    if (levels.empty()) // it has begun elsewhere
      return start(gather(v, *urgent, d, options_.most_rows));
    std::sort(levels.begin(), levels.end(),
              [](const auto& a, const auto& b) { return a.at != b.at ? a.at < b.at : comes_before(a, b); });
    const auto last = gather(v, levels.front(), d, options_.most_rows);
    const auto ahead =
        std::find_if(levels.begin(), levels.end(), [&](const waiting_task& t) { return t.at > levels.front().at; });
    if (ahead == levels.end())
      return start(last);
    const auto before_it = gather(v, *ahead, d, options_.most_rows);
    const auto rows = last.rows + before_it.rows;
    const auto takes = rows <= options_.most_rows ? v.predicted_together(*ahead, rows, d) : duration{};
    if (takes > duration{} && can_wait(v, ahead->deadline, last.takes + takes))
      return start(last, ahead->at);
    return start(gather(v, levels.back(), d, options_.most_rows));
  }

  /// A newcomer may catch up with a batch that has not come far. Not at once after that was given to the device, so
  /// that something runs between two decisions.
  std::optional<decision> interruption(const view& v, device_id d, const waiting_list& heads) const {
    for (const auto& r : v.running(d)) {
      if (!r.commandable || r.leaving || v.now() - r.given < defaults::look_again)
        continue;
      const auto takes = v.predicted(r.shape, d);
      if (takes == duration{} || 2 * (v.now() - r.given) > takes)
        continue;
      for (const auto& h : heads)
        if (h.model == r.model && h.joins && h.laid_out_by == no_device && r.rows + h.rows <= options_.most_rows) {
          const auto all = v.predicted_together(h, r.rows + h.rows, d);
          if (all > duration{} && can_wait(v, r.deadline, v.predicted(h.shape, d) + all))
            return decision{std::nullopt, r.task};
        }
    }
    return std::nullopt;
  }

  static bool can_wait(const view& v, time_point deadline, duration takes) {
    return deadline == never || v.now() + takes <= deadline;
  }

  joining_options options_;
};

} // namespace

std::unique_ptr<policy> make_lazy_batching(joining_options o) {
  return std::make_unique<lazy_batching>(o);
}

} // namespace baton::scheduling::policies
