#include "scheduling/policies/assigning.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class edf final : public assigning {
public:
  std::string_view name() const override { return "edf"; }
  bool before(const waiting_task& a, const waiting_task& b) const override { return a.deadline < b.deadline; }
};

} // namespace

std::unique_ptr<policy> make_edf() {
  return std::make_unique<edf>();
}

} // namespace baton::scheduling::policies
