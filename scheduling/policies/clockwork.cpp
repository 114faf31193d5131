#include <algorithm>

#include "scheduling/policies/joining.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

/// What is not known to be late is in time.
bool meets(const view& v, const waiting_task& t, device_id d) {
  return t.deadline == never || v.free_at(d) + v.prospect_of(t, d).whole() <= t.deadline;
}

/// What has begun is not thrown away: how much of it is left is not known here.
bool hopeless(const view& v, const waiting_task& t) {
  if (t.deadline == never || t.laid_out_by != no_device)
    return false;
  for (const auto& d : v.devices().devices)
    if (v.is_up(d.id) && (t.pinned == no_device || t.pinned == d.id) && meets(v, t, d.id))
      return false;
  return true;
}

class clockwork final : public policy {
public:
  explicit clockwork(joining_options o) : options_(o) {}

  std::string_view name() const override { return "clockwork"; }
  std::int64_t rank(const waiting_task& t) const override { return t.deadline.count(); }
  /// Within a shape the earliest deadline is the first that cannot be met.
  bool chooses_among_shapes() const override { return true; }
  bool looks_ahead() const override { return true; }
  std::int64_t most_rows() const override { return options_.most_rows; }

  std::optional<decision> decide(const view& v, device_id d) const override {
    const auto heads = v.heads(d);
    for (const auto& t : heads)
      if (hopeless(v, t))
        return decision{std::nullopt, std::nullopt, t.task};
    if (!v.has_free_lane(d))
      return std::nullopt;
    const auto t = pick(v, heads, d);
    return t ? std::optional{start(gather(v, *t, d, options_.most_rows, t->deadline))} : std::nullopt;
  }

  std::optional<device_id> next(const view& v, device_id from) const override {
    const auto all = v.common_first();
    if (!all.same)
      return policy::next(v, from);
    if (!all.first)
      return std::nullopt;
    // The heads are the same for every device that is up.
    while (v.devices().has(from) && !v.first_waiting(from))
      ++from.value;
    if (!v.devices().has(from))
      return std::nullopt;
    const auto heads = v.heads(from);
    return std::any_of(heads.begin(), heads.end(), [&](const auto& t) { return hopeless(v, t); }) ? from
                                                                                                  : v.next_free(from);
  }

private:
  static std::optional<waiting_task> pick(const view& v, const waiting_list& heads, device_id d) {
    std::optional<waiting_task> best;
    const auto consider = [&](const waiting_task& t) {
      if (v.fits(t.shape, d) && (!best || comes_before(t, *best)))
        best = t;
    };
    for (const auto& t : heads)
      if (t.laid_out_by != no_device || meets(v, t, d))
        consider(t);
      else if (const auto later = v.first_due(d, t.shape, v.free_at(d) + v.prospect_of(t, d).whole()))
        consider(*later);
    return best;
  }

  joining_options options_;
};

} // namespace

std::unique_ptr<policy> make_clockwork(joining_options o) {
  return std::make_unique<clockwork>(o);
}

} // namespace baton::scheduling::policies
