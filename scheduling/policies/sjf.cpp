#include "scheduling/policies/assigning.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class sjf final : public assigning {
public:
  std::string_view name() const override { return "sjf"; }
  bool before(const waiting_task& a, const waiting_task& b) const override { return a.size < b.size; }
};

} // namespace

std::unique_ptr<policy> make_sjf() {
  return std::make_unique<sjf>();
}

} // namespace baton::scheduling::policies
