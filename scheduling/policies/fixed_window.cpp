#include <algorithm>

#include "scheduling/policies/joining.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class fixed_window final : public policy {
public:
  explicit fixed_window(joining_options o) : options_(o) {}

  std::string_view name() const override { return "fixed_window"; }
  bool chooses_among_shapes() const override { return true; }
  std::int64_t most_rows() const override { return options_.most_rows; }

  std::optional<decision> decide(const view& v, device_id d) const override {
    if (!v.has_free_lane(d))
      return std::nullopt;
    auto heads = v.heads(d);
    heads.sort([](const waiting_task& a, const waiting_task& b) { return a.arrival < b.arrival; });
    for (const auto& head : heads) {
      if (!v.fits(head.shape, d))
        continue;
      const auto batch = gather(v, head, d, options_.most_rows);
      if (batch.full || v.now() - head.since >= options_.window)
        return start(batch);
    }
    return std::nullopt;
  }
  std::optional<device_id> next(const view& v, device_id from) const override { return v.next_free(from); }
  std::optional<time_point> ask_again(const view& v) const override {
    std::optional<time_point> soonest;
    for (auto d = v.next_free({0}); d; d = v.next_free({d->value + 1}))
      for (const auto& head : v.heads(*d))
        if (const auto at = head.since + options_.window; at > v.now() && (!soonest || at < *soonest))
          soonest = at;
    return soonest;
  }

private:
  joining_options options_;
};

} // namespace

std::unique_ptr<policy> make_fixed_window(joining_options o) {
  return std::make_unique<fixed_window>(o);
}

} // namespace baton::scheduling::policies
