#pragma once

#include <string>
#include <vector>

#include "apps/simulate/report.hpp"

namespace baton::apps::simulate {

/// What happened in one run, kept for plots.
class story final : public scheduling::observer {
public:
  /// Part of a lane's or link's time.
  struct bar {
    std::string row; ///< device and lane, or link
    std::uint32_t model = 0;
    std::string text; ///< for whoever points at it
    time_point start{};
    time_point end{};
  };

  explicit story(const scheduling::emulation& what) : what_(what) {}
  void worked(const scheduling::work_record& w) override;
  void ended(const scheduling::request_record& r) override { requests_.push_back(r); }

  const std::vector<scheduling::request_record>& requests() const { return requests_; }
  /// The first of them, in the order of their ends.
  const std::vector<bar>& bars() const { return bars_; }

private:
  const scheduling::emulation& what_;
  std::vector<scheduling::request_record> requests_;
  std::vector<bar> bars_;
};

/// A page that needs nothing else: the figures; where the rate is swept, requests in time and latency against it; of
/// the last combination the distribution of latencies, requests open over time, and what lanes and links did at the
/// beginning of the first policy's run. `told`: its run per policy, of the first seed.
std::string html_page(const sweep& s, const std::vector<outcomes>& of, const std::vector<story>& told);

} // namespace baton::apps::simulate
