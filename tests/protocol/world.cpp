#include "tests/protocol/world.hpp"

#include <algorithm>
#include <utility>

namespace baton::testing {

namespace {

constexpr model_id the_model{1};
const std::vector<std::int64_t> the_shape{1};

engine make_engine(const scenario& s) {
  return *engine::make({std::make_shared<cluster>(s.devices), s.policy});
}

} // namespace

world::world(const scenario& s, coverage& c)
    : scenario_(&s), coverage_(&c), engine_(make_engine(s)), kills_(s.kills), refusals_(s.refusals) {
  auto devices = std::make_shared<cluster>(s.devices);
  for (const auto& d : s.devices.devices) {
    workers_.emplace(d.id, run_queue{{d.id, devices, duration::zero(), 1}});
    if (d.domain != host_domain) { // in one domain nothing is transferred
      transfers_.emplace(host_domain, transfer_queue{{host_domain}});
      transfers_.emplace(d.domain, transfer_queue{{d.domain}});
    }
    to_engine(worker_up{d.id});
  }
  to_engine(model_added{the_model, {the_shape}}); // its jobs are done at once, see carry-out in to_engine
  for (const auto& r : s.requests) {
    actors::controller_core::effects out;
    controller_.submit(r, {}, {}, out);
    carry_out(out);
  }
}

world::world(const world& other)
    : scenario_(other.scenario_), coverage_(other.coverage_), engine_(other.engine_.clone()),
      controller_(other.controller_), workers_(other.workers_), lives_(other.lives_), transfers_(other.transfers_),
      hosts_(other.hosts_), wires_(other.wires_), answers_(other.answers_), ends_(other.ends_), tokens_(other.tokens_),
      kills_(other.kills_), refusals_(other.refusals_), removed_(other.removed_), forgotten_(other.forgotten_),
      broken_(other.broken_) {}

// -- steps
// -------------------------------------------------------------------------------------------------------------

bool world::quiet() const {
  auto busy_worker = [](const auto& w) { return w.second.has_next(); };
  auto busy_transfer = [](const auto& t) { return t.second.upcoming() != nullptr; };
  return wires_.empty() && std::none_of(workers_.begin(), workers_.end(), busy_worker)
         && std::none_of(transfers_.begin(), transfers_.end(), busy_transfer);
}

std::vector<world::step> world::steps() const {
  using kind = step::kind;
  std::vector<step> result;
  std::size_t n = 0;
  for (const auto& [ends, packets] : wires_) {
    result.push_back({kind::deliver, n});
    if (refusals_ > 0 && can_refuse(packets.front()) && alive(ends.second))
      result.push_back({kind::refuse, n});
    ++n;
  }
  for (const auto& [d, w] : workers_) {
    if (w.has_next())
      result.push_back({kind::run, d.value});
    if (kills_ > 0)
      result.push_back({kind::kill, d.value});
  }
  for (const auto& [d, t] : transfers_) {
    const auto* w = t.upcoming();
    if (!w)
      continue;
    result.push_back({kind::copy, d.value});
    auto request = std::visit([](const auto& m) { return m.what.members[0].request; }, *w);
    if (std::find(tokens_.begin(), tokens_.end(), request) != tokens_.end())
      result.push_back({kind::copy_cancelled, d.value});
  }
  for (std::size_t i = 0; i < scenario_->cancels.size(); ++i)
    if (std::find(tokens_.begin(), tokens_.end(), scenario_->cancels[i]) == tokens_.end()
        && !ends_.contains(scenario_->cancels[i]))
      result.push_back({kind::cancel, i});
  if (scenario_->removal && !removed_)
    result.push_back({kind::remove});
  return result;
}

void world::take(const step& s) {
  auto index = static_cast<std::uint32_t>(s.index);
  switch (s.what) {
  case step::kind::deliver:
  case step::kind::refuse: {
    auto i = std::next(wires_.begin(), static_cast<std::ptrdiff_t>(s.index));
    auto ends = i->first;
    auto p = std::move(i->second.front());
    i->second.pop_front();
    if (i->second.empty())
      wires_.erase(i);
    if (s.what == step::kind::refuse)
      --refusals_;
    handle(ends.second, ends.first, p, s.what == step::kind::refuse);
    break;
  }
  case step::kind::run: { // an inline device: submit and completion are one step
    auto& w = workers_.at({index});
    auto piece = *w.next();
    effects out;
    w.completed(piece.lane, piece.sequence, {}, out);
    carry_out(worker_of({index}), hosts_[worker_of({index})], out);
    break;
  }
  case step::kind::copy:
  case step::kind::copy_cancelled: {
    auto& t = transfers_.at({index});
    effects out;
    t.next();
    t.copied(s.what == step::kind::copy ? errc::none : errc::cancelled, {}, out);
    carry_out(transfer_of({index}), hosts_[transfer_of({index})], out);
    break;
  }
  case step::kind::cancel: {
    tokens_.push_back(scenario_->cancels[s.index]);
    actors::controller_core::effects out;
    controller_.cancel(scenario_->cancels[s.index], out);
    carry_out(out);
    break;
  }
  case step::kind::remove:
    removed_ = true;
    to_engine(model_removed{the_model});
    break;
  case step::kind::kill: {
    --kills_;
    device_id d{index};
    auto dead = where(worker_of(d));
    workers_.erase(d);
    hosts_.erase(worker_of(d));
    push(dead, where(the_scheduler), down{d, dead.life});
    // The others hear of it too; it means something only to who has given it a task. (An accept still to be sent to the
    // dead is answered when it arrives, see `handle`.)
    for (const auto& [other, h] : hosts_)
      if (std::any_of(h.gives.begin(), h.gives.end(),
                      [&](const auto& g) { return g.second.device == d && g.second.life == dead.life; }))
        push(dead, where(other), down{d, dead.life});
    break;
  }
  }
}

} // namespace baton::testing
