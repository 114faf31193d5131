#include <algorithm>
#include <set>

#include "scheduling/workloads/workload.hpp"

namespace baton::scheduling::workloads {

namespace {

class merged final : public workload {
public:
  explicit merged(std::vector<workload_ptr> parts) : parts_(std::move(parts)), known_(parts_.size()) {
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      first_source_.push_back(sources_);
      sources_ += parts_[i]->sources();
      look(i);
    }
  }

  std::optional<time_point> next() const override {
    return order_.empty() ? std::nullopt : std::optional(order_.begin()->first);
  }
  arrival take() override {
    const auto i = order_.begin()->second;
    auto a = parts_[i]->take();
    a.source += first_source_[i];
    look(i);
    return a;
  }
  void ended(const arrival& a, time_point now) override {
    const auto i = static_cast<std::size_t>(std::upper_bound(first_source_.begin(), first_source_.end(), a.source)
                                            - first_source_.begin() - 1);
    auto inner = a;
    inner.source -= first_source_[i];
    parts_[i]->ended(inner, now);
    look(i);
  }
  std::uint32_t sources() const override { return sources_; }

private:
  /// What part `i` has next may have changed.
  void look(std::size_t i) {
    const auto now = parts_[i]->next();
    if (now == known_[i])
      return;
    if (known_[i])
      order_.erase({*known_[i], i});
    if (now)
      order_.emplace(*now, i);
    known_[i] = now;
  }

  std::vector<workload_ptr> parts_;
  std::vector<std::optional<time_point>> known_;
  std::set<std::pair<time_point, std::size_t>> order_; ///< of the parts that have one, their next
  std::vector<std::uint32_t> first_source_;
  std::uint32_t sources_ = 0;
};

} // namespace

workload_ptr merge(std::vector<workload_ptr> parts) {
  return std::make_unique<merged>(std::move(parts));
}

} // namespace baton::scheduling::workloads
