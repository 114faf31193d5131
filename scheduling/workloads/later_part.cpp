#include "scheduling/workloads/later_part.hpp"

#include <utility>

namespace baton::scheduling::workloads {

namespace {

class later final : public workload {
public:
  later(workload_ptr of, time_point from) : of_(std::move(of)), from_(from) {
    for (auto at = of_->next(); at && *at < from_; at = of_->next())
      of_->take();
  }
  std::optional<time_point> next() const override {
    const auto at = of_->next();
    return at ? std::optional(*at - from_) : std::nullopt;
  }
  arrival take() override {
    auto a = of_->take();
    a.at -= from_;
    if (a.deadline != never)
      a.deadline -= from_;
    return a;
  }
  std::uint32_t sources() const override { return of_->sources(); }

private:
  workload_ptr of_;
  time_point from_;
};

} // namespace

workload_ptr later_part(workload_ptr of, time_point from) {
  return std::make_unique<later>(std::move(of), from);
}

} // namespace baton::scheduling::workloads
