#include "scheduling/policies/assigning.hpp"
#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class fifo final : public assigning {
public:
  std::string_view name() const override { return "fifo"; }
};

} // namespace

std::unique_ptr<policy> make_fifo() {
  return std::make_unique<fifo>();
}

} // namespace baton::scheduling::policies
