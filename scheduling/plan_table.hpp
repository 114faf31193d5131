#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "metadata/error.hpp"
#include "metadata/profile.hpp"
#include "metadata/resource_use.hpp"
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

/// Which plans there are, are being built, are wanted, cannot be had, or had to make room. A model at a shape has a
/// number, which never comes back.
class plan_table {
public:
  enum class status : std::uint8_t { absent, queued, building, ready, failed, evicted };
  /// How long a run keeps the arithmetic and the memory of its device busy.
  struct busy_times {
    duration arithmetic{};
    duration memory{};

    template <class I>
    friend auto inspect(I& f, busy_times& x) {
      return f(x.arithmetic, x.memory);
    }
  };
  struct entry {
    status what = status::absent;
    std::uint32_t attempts = 0;
    time_point again = never; ///< failed: not built anew before then
    errc failure = errc::none;
    std::string text;                 ///< of the failure, or why layers are lacking
    duration predicted{};             ///< ready: of a whole run; 0: not known
    metadata::lacking_layers lacking; ///< ready
    std::vector<duration> until{};    ///< ready: from the start to each layer, and to the end; empty: not known
    std::vector<busy_times> busy{};   ///< ready: likewise
    bool known = false;               ///< has been ready

    /// What a run uses on the mean while the last `left` of it is done; nothing where it is not known.
    metadata::resource_use use_of_last(duration left) const;
  };
  using number = std::uint32_t;

  explicit plan_table(const cluster& devices);

  std::uint32_t group(device_id d) const { return group_of_[d.value]; }
  domain_id domain(std::uint32_t group) const { return domains_[group]; }
  std::uint32_t groups() const { return groups_; }
  /// Shapes of the model known so far, in any state.
  std::size_t shapes(model_id m) const;
  bool knows(model_id m, const std::vector<std::int64_t>& symbols) const {
    return numbers_.contains(std::tie(m, symbols));
  }
  struct wanted {
    number shape = 0;
    bool changed = false; ///< something was queued, or counts as evicted now
  };
  /// Queues building in each group where it is neither there nor has failed; for want of memory it may be tried again
  /// after a while. Where the model has been evicted, the shape counts as evicted too.
  wanted want(model_id m, const std::vector<std::int64_t>& symbols, time_point now);
  bool any_queued() const { return queued_ > 0; }
  bool any_queued(std::uint32_t group) const { return !queues_[group].empty(); }
  std::optional<plan_key> next_job(std::uint32_t group);
  void built(const plan_key& k, duration predicted, metadata::lacking_layers lacking, std::string why_lacking,
             const std::vector<std::int64_t>& layer_ns, const std::vector<metadata::resource_use>& layer_use);
  /// Queued once more where another try may help (the device died), else failed.
  void not_built(const plan_key& k, errc reason, const std::string& text, time_point now);
  /// Its building found no memory: it counts as queued, and is begun only after `put_back`.
  void postpone(const plan_key& k);
  void put_back(const plan_key& k);
  /// What the domain has of the model has gone. @pre none of it is being built there
  void evict(model_id m, domain_id from);
  /// Whether that has ever happened.
  bool any_evicted() const { return any_evicted_; }
  /// Its building found no memory, and nothing waits for it: it counts as evicted. @pre it has been ready
  void do_without(const plan_key& k);
  /// Queued again, if it was evicted and is not forgotten.
  void bring_back(const plan_key& k);
  /// The model's shapes.
  void each_shape(model_id m, const std::function<void(number)>& f) const;
  /// The model is on its way out: nothing more of it is built. What is being built still is `built` or `not_built`.
  void withdraw(model_id m);
  bool building(model_id m) const;
  bool building(model_id m, domain_id in) const;
  bool queued(model_id m, domain_id in) const;
  /// Drops the model's shapes that no group could build and `in_use` does not name: they make room for others.
  void forget_failed(model_id m, const std::function<bool(number)>& in_use);
  /// Drops all it knows of the model. @pre `withdraw`n, nothing `building`.
  void forget(model_id m);

  const entry& at(const plan_key& k) const;
  const entry& at(number shape, std::uint32_t group) const { return shapes_.at(shape)[group]; }
  std::optional<number> find(model_id m, const std::vector<std::int64_t>& symbols) const;
  std::string describe() const;

private:
  using shape_key = std::tuple<model_id, std::vector<std::int64_t>>;
  using numbers = std::map<shape_key, number, std::less<>>;
  numbers::const_iterator first_of(model_id m) const { return numbers_.lower_bound(shape_key{m, {}}); }
  entry& of(const plan_key& k) { return shapes_.at(find(k.model, k.symbols).value())[k.group]; }
  void queue(const plan_key& k);
  bool any(model_id m, const std::function<bool(std::uint32_t group, const entry&)>& what) const;

  std::vector<std::uint32_t> group_of_;
  std::vector<domain_id> domains_; ///< by group
  std::uint32_t groups_ = 0;
  numbers numbers_;
  std::map<number, std::vector<entry>> shapes_; ///< by group
  std::vector<std::deque<plan_key>> queues_;
  std::size_t queued_ = 0;
  std::set<model_id> withdrawn_;
  std::set<std::pair<model_id, std::uint32_t>> evicted_; ///< from which group, and nothing of it is there again
  bool any_evicted_ = false;
  number last_ = 0;
};

} // namespace baton::scheduling
