#pragma once

#include <algorithm>
#include <string_view>

#include "metadata/rate.hpp"
#include "scheduling/defaults.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

/// What `marginal` does whatever its objective: looks at a device shortly before a lane of it becomes free.
class marginal : public policy {
public:
  explicit marginal(std::string_view name) : name_(name) {}

  std::string_view name() const final { return name_; }
  bool chooses_among_shapes() const final { return true; }
  bool looks_ahead() const final { return true; }
  std::optional<time_point> ask_again(const view& v) const override;
  std::optional<device_id> next(const view& v, device_id from) const override;

protected:
  /// Whether a task may stand in line there: if a copy of its inputs begins now, a lane is free when it is done.
  static bool takes_ahead(const view& v, device_id d, duration ahead) {
    return v.free_at(d) - v.now() <= ahead && v.may_line_up(d);
  }

  /// Whether a running task may be taken off its device. Not at once after it was put there: so no two decisions can
  /// undo each other without end, whatever is predicted.
  static bool may_be_taken(const view& v, const running_task& r) {
    return r.commandable && !r.leaving && v.now() - r.given >= defaults::look_again;
  }
  /// `when` becomes `at`, if that is to come and sooner.
  static void bring_forward(const view& v, std::optional<time_point>& when, time_point at) {
    if (at > v.now() && (!when || at < *when))
      when = at;
  }
  /// Whether it could start on `d` if there were a lane.
  static bool can_run(const view& v, device_id d, const waiting_task& t) {
    const auto heads = v.heads(d);
    return std::any_of(heads.begin(), heads.end(), [&](const auto& x) { return x.task == t.task; });
  }
  /// Clusters in which each running task is looked at once more.
  static constexpr std::size_t most_devices = 8;

private:
  std::string_view name_;
};

} // namespace baton::scheduling::policies
