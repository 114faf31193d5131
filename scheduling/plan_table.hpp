#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metadata/error.hpp"
#include "scheduling/cluster.hpp"

namespace baton::scheduling {

/// A plan: for the devices of one kind in one domain (a *group*), a model at a shape.
struct plan_key {
  std::uint32_t group = 0;
  model_id model;
  std::vector<std::int64_t> symbols;
  friend auto operator<=>(const plan_key&, const plan_key&) = default;
};

template <class I>
auto inspect(I& f, plan_key& x) {
  return f(x.group, x.model, x.symbols);
}

/// Which plans there are, are being built, are wanted, or cannot be had.
class plan_table {
public:
  enum class status : std::uint8_t { absent, queued, building, ready, failed };
  struct entry {
    status what = status::absent;
    std::uint32_t attempts = 0;
    time_point again = never; ///< failed: not built anew before then
    errc failure = errc::none;
    std::string text;
  };

  explicit plan_table(const cluster& devices);

  std::uint32_t group(device_id d) const { return group_of_[d.value]; }
  std::uint32_t groups() const { return groups_; }
  /// Shapes of the model known so far, in any state.
  std::size_t shapes(model_id m) const;
  bool knows(model_id m, const std::vector<std::int64_t>& symbols) const;
  /// Queues building in each group where it is neither there nor has failed; for want of memory it may be tried again
  /// after a while.
  void want(model_id m, const std::vector<std::int64_t>& symbols, time_point now);
  std::optional<plan_key> next_job(std::uint32_t group);
  void built(const plan_key& k);
  /// Queued once more where another try may help (the device died), else failed.
  void not_built(const plan_key& k, errc reason, const std::string& text, time_point now);
  const entry& at(const plan_key& k) const;
  const entry& at(device_id d, model_id m, const std::vector<std::int64_t>& symbols) const {
    return at({group(d), m, symbols});
  }
  std::string describe() const;

private:
  std::vector<std::uint32_t> group_of_;
  std::uint32_t groups_ = 0;
  std::map<plan_key, entry> entries_;
  std::vector<std::deque<plan_key>> queues_;
};

} // namespace baton::scheduling
