#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/simulate/sweep.hpp"

/// The goodput of a policy: the highest rate at which at least so many percent of the requests are in time.
namespace baton::apps::simulate {

/// No policy, but a bound for all of them: see `oracle.hpp`.
inline constexpr std::string_view oracle_policy = "oracle";

struct goodput {
  std::vector<swept_value> at; ///< cluster, cv
  std::string policy;
  std::vector<double> rates; ///< per second, by seed; 0: none was low enough
};

/// Looks for it from `--rate` on: twice as high or half as high until it lies between two rates, then between these, to
/// half a percent. With one seed the same requests come at all rates, only faster, so that the share in time falls as
/// the rate rises, but for small steps back; what is found is a rate where it crosses. Errors: `bad_argument`: no
/// `--slo`, requests that do not come at a rate, several rates, or all requests in time at any rate; those of
/// `make_simulation`.
class goodput_search {
public:
  static expected<goodput_search> make(const input_options& o, double percent);
  std::size_t searches() const { return places_.size() * policies().size() * seeds(); }
  /// On all cores; `done` is told of each search. By cluster, cv and policy.
  expected<std::vector<goodput>> run(const std::function<void()>& done) const;
  std::uint32_t seeds() const { return places_.front().what.seeds; }

private:
  struct place {
    std::vector<swept_value> at;
    double cv = 1;
    simulation what;
  };
  const std::vector<std::string>& policies() const { return places_.front().what.policies; }
  expected<double> search(const place& p, const std::string& policy, std::uint64_t seed) const;
  expected<bool> attains(const place& p, const std::string& policy, std::uint64_t seed, double rate) const;

  request_options requests_;
  double percent_ = 0;
  double first_ = 0; ///< rate
  std::vector<place> places_;
};

/// A row per place and policy: the mean over the seeds and its 95% interval.
std::string goodput_table(const std::vector<goodput>& all);
/// A row per place, policy and seed.
std::string goodput_csv(const std::vector<goodput>& all, std::uint64_t first_seed);
std::string goodput_json(const std::vector<goodput>& all, double percent);

} // namespace baton::apps::simulate
