#include "scheduling/policies/assigning.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class by_size final : public assigning {
public:
  explicit by_size(bool largest_to_fastest) : largest_to_fastest_(largest_to_fastest) {}

  std::string_view name() const override { return largest_to_fastest_ ? "naive" : "non_naive"; }
  bool chooses_among_shapes() const override { return true; }
  std::optional<waiting_task> pick(const view& v, device_id d) const override {
    const bool largest = v.is_fastest(d) == largest_to_fastest_;
    return least(v, v.heads(d), d, [&](const waiting_task& t) { return largest ? -t.size : t.size; });
  }

private:
  bool largest_to_fastest_;
};

} // namespace

std::unique_ptr<policy> make_naive() {
  return std::make_unique<by_size>(true);
}

std::unique_ptr<policy> make_non_naive() {
  return std::make_unique<by_size>(false);
}

} // namespace baton::scheduling::policies
