#include "scheduling/policies/policies.hpp"

namespace baton::scheduling::policies {

namespace {

class fifo final : public policy {
public:
  std::string_view name() const override { return "fifo"; }
  bool before(const waiting_task&, const waiting_task&) const override { return false; }
  std::optional<decision> decide(const view& v, device_id d) const override {
    if (!v.has_free_lane(d))
      return std::nullopt;
    auto t = v.first_waiting(d);
    return t ? std::optional{decision{t->task, std::nullopt}} : std::nullopt;
  }
  std::optional<device_id> next(const view& v, device_id from) const override {
    auto d = v.next_free(from);
    while (d && !v.first_waiting(*d))
      d = v.next_free({d->value + 1});
    return d;
  }
};

} // namespace

std::unique_ptr<policy> make_fifo() {
  return std::make_unique<fifo>();
}

} // namespace baton::scheduling::policies
