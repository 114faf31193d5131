// A policy of one's own: a free device takes the waiting task that is shortest on this device, the earlier of equals.
//
//   g++ -std=c++20 -O2 -shared -fPIC -I. demo/policies/shortest_here.cpp -o build/shortest_here.so
//   build/release/baton simulate --cluster cluster.json --model AlexNet --model rnn --policy
//   fifo,build/shortest_here.so
#include "scheduling/policy_plugin.hpp"

namespace {

using namespace baton::scheduling;

class shortest_here final : public policy {
public:
  std::string_view name() const override { return "shortest_here"; }
  bool chooses_among_shapes() const override { return true; }

  std::optional<decision> decide(const view& v, device_id d) const override {
    if (!v.has_free_lane(d))
      return std::nullopt;
    std::optional<waiting_task> best;
    for (const auto& t : v.heads(d))
      if (v.fits(t.shape, d)
          && (!best || v.predicted(t.shape, d) < v.predicted(best->shape, d)
              || (v.predicted(t.shape, d) == v.predicted(best->shape, d) && t.arrival < best->arrival)))
        best = t;
    return best ? std::optional{decision{best->task, std::nullopt}} : std::nullopt;
  }
};

} // namespace

BATON_POLICY(shortest_here)
