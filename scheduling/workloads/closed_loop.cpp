#include "scheduling/workloads/closed_loop.hpp"

#include <set>
#include <string>

#include "scheduling/defaults.hpp"

namespace baton::scheduling::workloads {

namespace {

class closed_clients final : public workload {
public:
  closed_clients(const closed_loop& o, std::uint64_t seed) : think_(o.think), span_(o.span), mix_(o.mix) {
    for (std::uint32_t i = 0; i < o.clients; ++i) {
      const auto own = seed_of(seed, i);
      clients_.push_back({random_numbers(seed_of(own, 0)), random_numbers(seed_of(own, 1))});
      o.think_first ? ask_again(i, span_.start) : ask_at(i, span_.start);
    }
  }

  std::optional<time_point> next() const override {
    return asking_.empty() || taken_ == span_.requests ? std::nullopt : std::optional(asking_.begin()->first);
  }
  arrival take() override {
    const auto [at, i] = *asking_.begin();
    asking_.erase(asking_.begin());
    ++taken_;
    auto a = mix_.ask(at, clients_[i].choosing);
    a.source = i;
    a.query = clients_[i].asked++;
    return a;
  }
  void ended(const arrival& a, time_point now) override { ask_again(a.source, now); }
  std::uint32_t sources() const override { return static_cast<std::uint32_t>(clients_.size()); }

private:
  struct client {
    random_numbers thinking;
    random_numbers choosing;
    std::uint64_t asked = 0;
  };

  void ask_again(std::uint32_t i, time_point now) {
    const auto thought = think_.draw(clients_[i].thinking);
    ask_at(i, thought < never - now ? now + thought : never);
  }
  void ask_at(std::uint32_t i, time_point at) {
    if (at < span_.until)
      asking_.emplace(at, i);
  }

  interval_law think_;
  span_of_time span_;
  request_mix mix_;
  std::vector<client> clients_;
  std::set<std::pair<time_point, std::uint32_t>> asking_; ///< clients without an open request: when they will ask
  std::uint64_t taken_ = 0;
};

} // namespace

expected<workload_ptr> make(const closed_loop& o, std::uint64_t seed) {
  if (auto fine = request_mix::check(o.mix); !fine)
    return tl::unexpected(fine.error());
  if (auto fine = o.think.check(); !fine)
    return tl::unexpected(fine.error());
  if (o.clients == 0 || o.clients > defaults::most_clients)
    return fail(errc::bad_argument,
                "a closed loop has from 1 to " + std::to_string(defaults::most_clients) + " clients");
  if (o.span.start < duration::zero() || (o.span.until == never && o.span.requests == UINT64_MAX))
    return fail(errc::bad_argument, "a closed loop needs an end: a time or a number of requests");
  return std::make_unique<closed_clients>(o, seed);
}

} // namespace baton::scheduling::workloads
