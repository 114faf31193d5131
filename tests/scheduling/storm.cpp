#include "tests/scheduling/storm.hpp"

#include <algorithm>

#include "scheduling/engine_log.hpp"

namespace baton::testing {

namespace {

using std::chrono::microseconds;

constexpr std::size_t most_open = 40;
constexpr microseconds longest_step{40};

/// Two kinds, three domains, one lane or two.
std::shared_ptr<const cluster> four_devices() {
  return std::make_shared<cluster>(cluster{{{{0}, {0}, 0, 1}, {{1}, {0}, 0, 2}, {{2}, {1}, 1, 1}, {{3}, {2}, 1, 2}}});
}

engine::config config_of(const storm_options& o) {
  return {.devices = four_devices(), .policy = o.policy, .waiting_limit = 30, .backlog = o.backlog};
}

/// Of one in four models nothing is known, of one in four not what its three layers use.
job_done built(const job& j, device_id d, std::uint32_t kind, errc failure) {
  job_done result{j.command, d, failure, {}};
  const auto which = j.model.value % 4;
  if (which == 3)
    return result;
  const duration each = microseconds(10) * (1 + which) * j.symbols[0] * (3 - kind);
  result.predicted = 3 * each;
  result.layer_ns.assign(3, each.count());
  if (which > 0)
    result.layer_use = {{1000, 400 * which}, {500, 500}, {100, 1000}};
  return result;
}

} // namespace

storm::storm(const storm_options& o)
    : options_(o), devices_(four_devices()), random_(o.seed), engine_(*engine::make(config_of(o))),
      books_(*devices_, o.backlog, o.steered, make_policy(o.policy)->looks_ahead(), steps),
      log_(encode_header(config_of(o))), workers_(devices_->devices.size()) {
  for (const auto& d : devices_->devices) {
    workers_[d.id.value].queue = std::make_unique<run_queue>(run_queue::config{d.id, devices_, part_time, 1});
    transfers_.emplace(d.domain, transfer_queue{{d.domain}});
    to_engine(worker_up{d.id});
  }
  for (int i = 0; i < 3; ++i)
    replace_model();
}

void storm::run() {
  while (events_ < options_.events && books_.broken().empty())
    step();
  calm_ = true;
  while (step() && books_.broken().empty()) {
  }
  if (books_.broken().empty())
    books_.at_rest(engine_);
}

/// False: nothing can happen any more.
bool storm::step() {
  now_ += microseconds(random_.below(static_cast<std::uint64_t>(longest_step.count())));
  if (!calm_)
    environment();
  if (!wakes_.empty() && *wakes_.begin() <= now_) {
    wakes_.erase(wakes_.begin());
    to_engine(tick{});
  }
  // One of all that could happen next.
  const auto wires = wires_.size();
  const auto choices = wires + workers_.size() + transfers_.size();
  const auto first = random_.below(choices);
  for (std::size_t i = 0; i < choices; ++i) {
    const auto x = (first + i) % choices;
    if (x < wires ? deliver(x)
        : x < wires + workers_.size()
            ? work({static_cast<std::uint32_t>(x - wires)})
            : copy(std::next(transfers_.begin(), static_cast<std::ptrdiff_t>(x - wires - workers_.size()))->first))
      return true;
  }
  if (wakes_.empty())
    return !calm_;
  now_ = std::max(now_, *wakes_.begin());
  return true;
}

void storm::environment() {
  if (engine_.open_tasks() < most_open && one_in(4))
    request();
  if (last_request_ > 0 && one_in(100)) {
    const request_id r{1 + random_.below(last_request_)};
    cancelled_.push_back(r);
    to_engine(cancel_request{r, {1}});
  }
  if (one_in(1000))
    kill({static_cast<std::uint32_t>(random_.below(workers_.size()))});
  if (one_in(2000))
    replace_model();
}

void storm::request() {
  start_attempt s{{++last_request_}, {1}, models_[random_.below(models_.size())], {1 + std::int64_t(random_.below(3))}};
  s.rows = s.symbols[0];
  s.priority = static_cast<std::int32_t>(random_.below(3));
  if (one_in(2))
    s.deadline = now_ + microseconds(random_.below(3000));
  if (one_in(10))
    s.pinned = {static_cast<std::uint32_t>(random_.below(workers_.size()))};
  if (options_.steered)
    while (one_in(2)) {
      const device_id to{static_cast<std::uint32_t>(random_.below(workers_.size()))};
      const position at{1 + static_cast<std::uint32_t>(s.steps.size()), 0};
      s.steps.push_back({one_in(2) ? order::kind::preempt : order::kind::hand_off, at, to});
    }
  to_engine(s);
}

/// What was on its way to it is lost; who had given it a task hears of that.
void storm::kill(device_id d) {
  auto& w = workers_[d.value];
  if (!w.queue)
    return;
  w.queue.reset();
  w.building.reset();
  const auto dead = worker_of(d);
  gives_.erase(dead);
  std::erase_if(wires_, [&](const auto& wire) { return wire.first.second == dead; });
  push(dead, the_scheduler, down{d, w.life});
  for (const auto& [giver, tasks] : gives_)
    if (std::any_of(tasks.begin(), tasks.end(), [&](const auto& g) { return g.second.device == d; }))
      push(dead, giver, down{d, w.life});
}

void storm::replace_model() {
  if (models_.size() == 3) {
    const auto old = models_.begin() + static_cast<std::ptrdiff_t>(random_.below(3));
    to_engine(model_removed{*old});
    models_.erase(old);
  }
  models_.push_back({++last_model_});
  std::vector<std::vector<std::int64_t>> warm;
  for (std::int64_t rows = 1; rows <= engine_.most_rows(); ++rows)
    warm.push_back({rows});
  std::vector<cell_layer> cells; // of two in three models
  if (last_model_ % 3 != 0)
    cells.push_back({1, steps});
  to_engine(model_added{models_.back(), std::move(warm), 0, {}, std::move(cells)});
}

bool storm::deliver(std::size_t wire) {
  const auto i = std::next(wires_.begin(), static_cast<std::ptrdiff_t>(wire));
  const auto to = i->first.second;
  const auto p = std::move(i->second.front());
  i->second.pop_front();
  if (i->second.empty())
    wires_.erase(i);
  hear(to, p);
  return true;
}

bool storm::work(device_id d) {
  auto& w = workers_[d.value];
  if (!w.queue)
    return false;
  effects out;
  if (w.building) {
    const auto j = *std::exchange(w.building, std::nullopt);
    const auto failure = !finds_room(j)         ? errc::out_of_memory
                         : !calm_ && one_in(50) ? (options_.most_loaded < 3 ? errc::out_of_memory : errc::bad_model)
                                                : errc::none;
    out.push_back(envelope{the_scheduler, built(j, d, devices_->at(d).kind, failure)});
  } else if (const auto s = w.queue->next()) {
    if (!calm_ && one_in(100))
      w.queue->failed_segment(s->lane, s->sequence, errc::bad_argument, "bad data", out);
    else
      w.queue->completed(s->lane, s->sequence, microseconds(1), out);
  } else {
    return false;
  }
  carry_out(worker_of(d), out);
  return true;
}

bool storm::finds_room(const job& j) {
  auto& there = loaded_[j.domain];
  for (const auto m : j.evict)
    there.erase(m);
  if (!there.contains(j.model) && there.size() == options_.most_loaded)
    return false;
  there.insert(j.model);
  return true;
}

bool storm::copy(domain_id d) {
  auto& t = transfers_.at(d);
  const auto next = t.next();
  if (!next)
    return false;
  const auto& members = std::visit(
      [](const auto& m) -> const auto& { return m.what.members; }, *next);
  const bool stops =
      std::all_of(members.begin(), members.end(),
                  [&](const member& m) {
                    return std::find(cancelled_.begin(), cancelled_.end(), m.request) != cancelled_.end();
                  })
      && one_in(2);
  effects out;
  t.copied(stops ? errc::cancelled : errc::none, {}, out);
  carry_out(transfer_of(d), out);
  return true;
}

void storm::to_engine(const event& e) {
  actions out;
  books_.told(e);
  engine_.handle(e, now_, out);
  log_ += encode_entry(e, now_, out);
  books_.did(out);
  if (++events_ % 16 == 0) {
    books_.compare(engine_);
    books_.held(holders());
  }
  for (const auto& a : out) {
    if (const auto* m = std::get_if<envelope>(&a)) {
      push(the_scheduler, m->to, m->what);
    } else if (const auto* w = std::get_if<wake_at>(&a)) {
      wakes_.insert(w->when);
    } else if (const auto* f = std::get_if<forget_model>(&a)) {
      for (auto& [d, models] : loaded_)
        models.erase(f->model);
    } else if (const auto* r = std::get_if<restart>(&a)) {
      auto& again = workers_[r->device.value];
      ++again.life;
      again.queue = std::make_unique<run_queue>(run_queue::config{r->device, devices_, part_time, 1});
      push(worker_of(r->device), the_scheduler, worker_up{r->device});
    }
  }
}

/// Of each task, how many of the workers and transfers hold it.
std::map<task_id, int> storm::holders() const {
  std::map<task_id, int> all;
  for (const auto& t : engine_.tasks()) {
    auto& n = all[t.id];
    for (const auto& w : workers_)
      n += w.queue && w.queue->holds(t.id);
    for (const auto& [d, transfer] : transfers_)
      n += transfer.holds(t.id);
  }
  return all;
}

} // namespace baton::testing
