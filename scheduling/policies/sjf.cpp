#include "scheduling/policies/assigning.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class sjf final : public assigning {
public:
  std::string_view name() const override { return "sjf"; }
  std::int64_t rank(const waiting_task& t) const override { return t.size.count(); }
};

} // namespace

std::unique_ptr<policy> make_sjf() {
  return std::make_unique<sjf>();
}

} // namespace baton::scheduling::policies
