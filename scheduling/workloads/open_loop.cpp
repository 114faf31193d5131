#include "scheduling/workloads/open_loop.hpp"

#include "scheduling/defaults.hpp"

namespace baton::scheduling::workloads {

namespace {

time_point later(time_point t, duration d) {
  return d < never - t ? t + d : never;
}

/// The time of asking, mapped to that of the clock.
class phase_clock {
public:
  phase_clock(std::optional<on_off> phases, time_point start, std::uint64_t seed)
      : phases_(phases), random_(seed), now_(start) {
    if (phases_)
      left_ = phases_->on.draw(random_);
  }
  /// The moment `d` of asking later.
  time_point advance(duration d) {
    while (phases_ && d >= left_ && now_ != never) {
      d -= left_;
      now_ = later(later(now_, left_), phases_->off.draw(random_));
      left_ = phases_->on.draw(random_);
    }
    left_ -= phases_ ? d : duration::zero();
    return now_ = later(now_, d);
  }

private:
  std::optional<on_off> phases_;
  random_numbers random_;
  time_point now_;
  duration left_{}; ///< of the time of asking that is now
};

class open_stream final : public workload {
public:
  open_stream(const open_loop& o, std::uint64_t seed)
      : intervals_(o.intervals), span_(o.span), mix_(o.mix), interval_random_(seed_of(seed, 0)),
        mix_random_(seed_of(seed, 1)), clock_(o.phases, o.span.start, seed_of(seed, 2)) {
    advance();
  }

  std::optional<time_point> next() const override {
    return at_ < span_.until && taken_ < span_.requests ? std::optional(at_) : std::nullopt;
  }
  arrival take() override {
    auto a = mix_.ask(at_, mix_random_);
    a.query = taken_++;
    advance();
    return a;
  }

private:
  void advance() { at_ = clock_.advance(intervals_.draw(interval_random_)); }

  interval_law intervals_;
  span_of_time span_;
  request_mix mix_;
  random_numbers interval_random_;
  random_numbers mix_random_;
  phase_clock clock_;
  time_point at_{};
  std::uint64_t taken_ = 0;
};

} // namespace

expected<workload_ptr> make(const open_loop& o, std::uint64_t seed) {
  if (auto fine = request_mix::check(o.mix); !fine)
    return tl::unexpected(fine.error());
  std::vector<interval_law> laws{o.intervals};
  if (o.phases)
    laws.insert(laws.end(), {o.phases->on, o.phases->off});
  for (const auto& law : laws)
    if (auto fine = law.check(); !fine)
      return tl::unexpected(fine.error());
  if (o.intervals.mean == duration::zero())
    return fail(errc::bad_argument, "the mean interval of an open loop must be above 0");
  if (o.phases && o.intervals.mean / defaults::most_phases >= o.phases->on.mean)
    return fail(errc::bad_argument, "the mean time of asking must be above 0, and not so short beside the interval");
  if (o.span.start < duration::zero() || (o.span.until == never && o.span.requests == UINT64_MAX))
    return fail(errc::bad_argument, "an open loop needs an end: a time or a number of requests");
  return std::make_unique<open_stream>(o, seed);
}

} // namespace baton::scheduling::workloads
