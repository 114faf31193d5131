#include "scheduling/policies/assigning.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class edf final : public assigning {
public:
  std::string_view name() const override { return "edf"; }
  std::int64_t rank(const waiting_task& t) const override { return t.deadline.count(); }
};

} // namespace

std::unique_ptr<policy> make_edf() {
  return std::make_unique<edf>();
}

} // namespace baton::scheduling::policies
