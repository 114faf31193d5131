#include "scheduling/policies/assigning.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class best final : public assigning {
public:
  std::string_view name() const override { return "best"; }
  bool chooses_among_shapes() const override { return true; }
  std::optional<waiting_task> pick(const view& v, device_id d) const override {
    return least(v, v.heads(d), d, [&](const waiting_task& t) { return v.predicted(t.shape, d) - t.size; });
  }
};

} // namespace

std::unique_ptr<policy> make_best() {
  return std::make_unique<best>();
}

} // namespace baton::scheduling::policies
