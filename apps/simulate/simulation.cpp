#include "apps/simulate/simulation.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/simulate/on_all_cores.hpp"

namespace baton::apps::simulate {
namespace {

class summing final : public scheduling::observer {
public:
  explicit summing(scheduling::observer* also) : also_(also) {}

  void worked(const scheduling::work_record& w) override {
    if (w.what == scheduling::work_record::kind::compute)
      computing_ += w.end - w.start;
    result_.evictions += w.what == scheduling::work_record::kind::eviction;
    if (also_)
      also_->worked(w);
  }
  void ended(const scheduling::request_record& r) override {
    ++result_.requests;
    result_.in_time += r.in_time();
    result_.preemptions += r.taken.preemptions;
    result_.moves += r.taken.moves;
    result_.makespan = std::max(result_.makespan, r.end);
    if (r.failure == errc::none) {
      ++result_.answered;
      latencies_.push_back(r.end - r.arrival);
    }
    if (also_)
      also_->ended(r);
  }

  outcome result(std::size_t lanes) {
    std::sort(latencies_.begin(), latencies_.end());
    if (const auto n = latencies_.size(); n > 0) {
      duration sum{};
      for (const auto l : latencies_)
        sum += l;
      result_.mean = sum / static_cast<std::int64_t>(n);
      result_.p50 = latencies_[(n - 1) / 2];
      result_.p99 = latencies_[static_cast<std::size_t>(std::ceil(0.99 * static_cast<double>(n))) - 1];
    }
    if (result_.makespan > duration{})
      result_.busy = static_cast<double>(computing_.count())
                     / (static_cast<double>(result_.makespan.count()) * static_cast<double>(lanes));
    return result_;
  }

private:
  scheduling::observer* also_;
  outcome result_;
  std::vector<duration> latencies_;
  duration computing_{};
};

/// Two-sided 95% quantiles of Student's t by degrees of freedom, from 1 on.
constexpr std::array t95{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                         2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                         2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
constexpr double z95 = 1.960;

} // namespace

expected<outcome> run_one(const simulation& s, const std::string& policy, std::uint64_t seed,
                          scheduling::observer* also) {
  auto requests = s.requests(seed);
  if (!requests)
    return tl::unexpected(requests.error());
  auto what = s.what;
  what.policy = policy;
  summing sums(also);
  const auto counted = scheduling::emulate(what, **requests, sums);
  if (!counted)
    return tl::unexpected(counted.error());
  std::size_t lanes = 0;
  for (const auto& d : what.where->devices.devices)
    lanes += d.lanes;
  auto result = sums.result(lanes);
  result.segments = counted->segments;
  result.events = counted->events;
  return result;
}

expected<std::vector<outcomes>> run_all(std::span<const simulation> of, const std::function<void()>& done) {
  const auto& any = of.front();
  const std::size_t policies = any.policies.size();
  const std::size_t seeds = any.seeds;
  std::vector<outcomes> results(of.size(), outcomes(policies, std::vector<outcome>(seeds)));
  const auto one = [&](std::size_t i) -> expected<void> {
    const auto policy = i % policies;
    const auto seed = i / policies % seeds;
    const auto which = i / policies / seeds;
    auto result = run_one(of[which], any.policies[policy], any.first_seed + seed);
    if (!result)
      return tl::unexpected(result.error());
    results[which][policy][seed] = *result;
    return {};
  };
  if (auto ran = on_all_cores(of.size() * policies * seeds, any.threads, one, done); !ran)
    return tl::unexpected(ran.error());
  return results;
}

expected<outcomes> run_all(const simulation& s, const std::function<void()>& done) {
  auto results = run_all(std::span(&s, 1), done);
  if (!results)
    return tl::unexpected(results.error());
  return std::move(results->front());
}

estimate estimate_of(const std::vector<double>& samples) {
  const auto n = samples.size();
  if (n == 0)
    return {};
  double sum = 0;
  for (const auto x : samples)
    sum += x;
  const auto mean = sum / static_cast<double>(n);
  if (n == 1)
    return {mean, 0};
  double squares = 0;
  for (const auto x : samples)
    squares += (x - mean) * (x - mean);
  const auto error = std::sqrt(squares / static_cast<double>(n - 1) / static_cast<double>(n));
  return {mean, (n - 1 <= t95.size() ? t95[n - 2] : z95) * error};
}

} // namespace baton::apps::simulate
