#include "scheduling/workloads/loadgen.hpp"

#include <string>

#include "scheduling/defaults.hpp"
#include "scheduling/workloads/request_mix.hpp"

namespace baton::scheduling::workloads {

namespace {

/// Whether LoadGen makes another query at `at`, after `made`.
bool goes_on(const loadgen& o, std::uint64_t made, time_point at) {
  return made < o.queries || at < o.time;
}

/// A query of several samples, and the next when all of them have ended.
class query_loop final : public workload {
public:
  explicit query_loop(const loadgen& o) : o_(o), to_take_(o.samples_per_query), open_(o.samples_per_query) {}

  std::optional<time_point> next() const override { return to_take_ > 0 ? std::optional(at_) : std::nullopt; }
  arrival take() override {
    --to_take_;
    auto a = o_.sample.ask(at_);
    a.query = query_;
    return a;
  }
  void ended(const arrival&, time_point now) override {
    if (--open_ > 0 || !goes_on(o_, query_ + 1, now))
      return;
    at_ = now;
    ++query_;
    to_take_ = open_ = o_.samples_per_query;
  }

private:
  loadgen o_;
  time_point at_{};
  std::uint64_t query_ = 0;
  std::uint32_t to_take_; ///< samples of the query that are still to come
  std::uint32_t open_;    ///< samples of the query that have not ended
};

class server_queries final : public workload {
public:
  server_queries(const loadgen& o, std::uint64_t seed)
      : o_(o), law_{.kind = interval_law::shape::exponential, .mean = o.interval}, random_(seed_of(seed, 0)) {
    advance();
  }

  std::optional<time_point> next() const override {
    return goes_on(o_, query_, at_) ? std::optional(at_) : std::nullopt;
  }
  arrival take() override {
    auto a = o_.sample.ask(at_);
    a.query = query_++;
    advance();
    return a;
  }

private:
  void advance() {
    const auto interval = law_.draw(random_);
    at_ = interval < never - at_ ? at_ + interval : never;
  }

  loadgen o_;
  interval_law law_;
  random_numbers random_;
  time_point at_{};
  std::uint64_t query_ = 0;
};

} // namespace

expected<workload_ptr> make(const loadgen& options, std::uint64_t seed) {
  auto o = options;
  if (auto fine = request_mix::check({o.sample}); !fine)
    return tl::unexpected(fine.error());
  if (o.scenario == loadgen_scenario::single_stream || o.scenario == loadgen_scenario::server)
    o.samples_per_query = 1;
  if (o.scenario == loadgen_scenario::offline) {
    o.queries = 1;
    o.time = {};
  }
  if (o.queries == 0 || o.samples_per_query == 0 || o.samples_per_query > defaults::most_samples)
    return fail(errc::bad_argument,
                "LoadGen needs at least one query, of 1 to " + std::to_string(defaults::most_samples) + " samples");
  if (o.time < duration::zero() || o.time > defaults::longest_interval)
    return fail(errc::bad_argument, "LoadGen's time must be from 0 to a year");
  if (o.scenario != loadgen_scenario::server)
    return std::make_unique<query_loop>(o);
  if (o.interval <= duration::zero() || o.interval > defaults::longest_interval)
    return fail(errc::bad_argument, "LoadGen's server needs a mean interval above 0, a year at most");
  return std::make_unique<server_queries>(o, seed);
}

} // namespace baton::scheduling::workloads
