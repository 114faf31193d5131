#include "scheduling/plan_table.hpp"

#include <algorithm>

#include "metadata/rate.hpp"
#include "scheduling/defaults.hpp"
#include "scheduling/text_archive.hpp"

namespace baton::scheduling {

namespace {

duration share_of(duration time, std::uint32_t per_mille) {
  return metadata::to_duration(metadata::wide{time.count()} * per_mille / metadata::whole_device);
}

} // namespace

plan_table::plan_table(const cluster& devices) {
  std::vector<std::pair<domain_id, std::uint32_t>> seen;
  for (const auto& d : devices.devices) {
    auto key = std::pair{d.domain, d.kind};
    auto i = std::find(seen.begin(), seen.end(), key);
    group_of_.push_back(static_cast<std::uint32_t>(i - seen.begin()));
    if (i == seen.end()) {
      seen.push_back(key);
      domains_.push_back(d.domain);
    }
  }
  groups_ = static_cast<std::uint32_t>(seen.size());
  queues_.resize(groups_);
}

std::size_t plan_table::shapes(model_id m) const {
  std::size_t n = 0;
  for (auto i = first_of(m); i != numbers_.end() && std::get<0>(i->first) == m; ++i)
    ++n;
  return n;
}

plan_table::wanted plan_table::want(model_id m, const std::vector<std::int64_t>& symbols, time_point now) {
  auto n = find(m, symbols);
  if (!n) {
    n = numbers_.emplace(shape_key{m, symbols}, ++last_).first->second;
    shapes_[*n].resize(groups_);
  }
  auto& shape = shapes_.at(*n);
  wanted result{*n, false};
  for (std::uint32_t g = 0; g < groups_; ++g) {
    auto& e = shape[g];
    bool again = e.what == status::failed && now >= e.again;
    if (e.what != status::absent && !again)
      continue;
    e = {.known = e.known};
    if (evicted_.contains({m, g}))
      e.what = status::evicted;
    else
      queue({g, m, symbols});
    result.changed = true;
  }
  return result;
}

void plan_table::queue(const plan_key& k) {
  of(k).what = status::queued;
  queues_[k.group].push_back(k);
  ++queued_;
}

std::optional<plan_key> plan_table::next_job(std::uint32_t group) {
  auto& q = queues_[group];
  if (q.empty())
    return std::nullopt;
  auto k = q.front();
  q.pop_front();
  --queued_;
  auto& e = of(k);
  e.what = status::building;
  ++e.attempts;
  return k;
}

void plan_table::built(const plan_key& k, duration predicted, metadata::lacking_layers lacking, std::string why_lacking,
                       const std::vector<std::int64_t>& layer_ns,
                       const std::vector<metadata::resource_use>& layer_use) {
  auto& e = of(k);
  e = {.what = status::ready,
       .text = std::move(why_lacking),
       .predicted = predicted,
       .lacking = std::move(lacking),
       .known = true};
  evicted_.erase({k.model, k.group});
  if (!layer_ns.empty())
    e.until.emplace_back();
  for (const auto ns : layer_ns)
    e.until.push_back(e.until.back() + duration{ns});
  if (layer_use.empty() || layer_use.size() != layer_ns.size())
    return;
  e.busy.emplace_back();
  for (std::size_t i = 0; i < layer_use.size(); ++i)
    e.busy.push_back({e.busy.back().arithmetic + share_of(duration{layer_ns[i]}, layer_use[i].arithmetic),
                      e.busy.back().memory + share_of(duration{layer_ns[i]}, layer_use[i].memory)});
}

metadata::resource_use plan_table::entry::use_of_last(duration left) const {
  metadata::resource_use none{0, 0};
  if (busy.empty() || left <= duration{})
    return none;
  // From the layer on that is under way.
  const auto after = std::upper_bound(until.begin(), until.end(), std::max(until.back() - left, duration{}));
  const auto layer = static_cast<std::size_t>(after - until.begin()) - 1;
  const auto whole = until.back() - until[layer];
  if (whole == duration{})
    return none;
  const auto mean = [&](duration part) {
    return static_cast<std::uint32_t>(metadata::wide{part.count()} * metadata::whole_device / whole.count());
  };
  return {mean(busy.back().arithmetic - busy[layer].arithmetic), mean(busy.back().memory - busy[layer].memory)};
}

void plan_table::not_built(const plan_key& k, errc reason, const std::string& text, time_point now) {
  auto& e = of(k);
  bool device_at_fault = reason == errc::attempt_lost || reason == errc::device_failed;
  if (device_at_fault && e.attempts < defaults::job_attempts && !withdrawn_.contains(k.model))
    return queue(k);
  e.what = status::failed;
  e.again = reason == errc::out_of_memory ? now + defaults::memory_retry : never;
  e.failure = reason;
  e.text = text;
}

void plan_table::withdraw(model_id m) {
  withdrawn_.insert(m);
  for (auto& q : queues_)
    queued_ -= std::erase_if(q, [m](const plan_key& k) { return k.model == m; });
  for (auto i = first_of(m); i != numbers_.end() && std::get<0>(i->first) == m; ++i)
    for (auto& e : shapes_.at(i->second))
      if (e.what == status::queued)
        e.what = status::absent;
}

void plan_table::postpone(const plan_key& k) {
  auto& e = of(k);
  e.what = status::queued;
  e.attempts = 0; // it is not at fault
}

void plan_table::put_back(const plan_key& k) {
  if (withdrawn_.contains(k.model))
    return;
  queues_[k.group].push_front(k);
  ++queued_;
}

void plan_table::evict(model_id m, domain_id from) {
  any_evicted_ = true;
  for (std::uint32_t g = 0; g < groups_; ++g) {
    if (domains_[g] != from)
      continue;
    each_shape(m, [&](number n) {
      if (auto& e = shapes_.at(n)[g]; e.what == status::ready || (e.what == status::queued && e.known))
        e = {.what = status::evicted, .text = std::move(e.text), .lacking = std::move(e.lacking), .known = true};
    });
    queued_ -= std::erase_if(queues_[g], [&](const plan_key& k) { return at(k).what == status::evicted; });
    evicted_.insert({m, g});
  }
}

void plan_table::do_without(const plan_key& k) {
  of(k).what = status::evicted;
  any_evicted_ = true;
}

void plan_table::bring_back(const plan_key& k) {
  if (knows(k.model, k.symbols) && of(k).what == status::evicted && !withdrawn_.contains(k.model))
    queue(k);
}

void plan_table::each_shape(model_id m, const std::function<void(number)>& f) const {
  for (auto i = first_of(m); i != numbers_.end() && std::get<0>(i->first) == m; ++i)
    f(i->second);
}

bool plan_table::any(model_id m, const std::function<bool(std::uint32_t, const entry&)>& what) const {
  bool found = false;
  each_shape(m, [&](number n) {
    for (std::uint32_t g = 0; g < groups_; ++g)
      found = found || what(g, shapes_.at(n)[g]);
  });
  return found;
}

bool plan_table::building(model_id m) const {
  return any(m, [](std::uint32_t, const entry& e) { return e.what == status::building; });
}

bool plan_table::building(model_id m, domain_id in) const {
  return any(m, [&](std::uint32_t g, const entry& e) { return domains_[g] == in && e.what == status::building; });
}

bool plan_table::queued(model_id m, domain_id in) const {
  return any(m, [&](std::uint32_t g, const entry& e) { return domains_[g] == in && e.what == status::queued; });
}

void plan_table::forget_failed(model_id m, const std::function<bool(number)>& in_use) {
  auto has_failed = [](const entry& e) { return e.what == status::failed; };
  for (auto i = first_of(m); i != numbers_.end() && std::get<0>(i->first) == m;) {
    const auto& all = shapes_.at(i->second);
    if (in_use(i->second) || !std::all_of(all.begin(), all.end(), has_failed)) {
      ++i;
      continue;
    }
    shapes_.erase(i->second);
    i = numbers_.erase(i);
  }
}

void plan_table::forget(model_id m) {
  for (auto i = first_of(m); i != numbers_.end() && std::get<0>(i->first) == m;) {
    shapes_.erase(i->second);
    i = numbers_.erase(i);
  }
  withdrawn_.erase(m);
  std::erase_if(evicted_, [m](const auto& x) { return x.first == m; });
}

std::optional<plan_table::number> plan_table::find(model_id m, const std::vector<std::int64_t>& symbols) const {
  auto i = numbers_.find(std::tie(m, symbols));
  return i == numbers_.end() ? std::nullopt : std::optional{i->second};
}

const plan_table::entry& plan_table::at(const plan_key& k) const {
  static const entry none;
  auto n = find(k.model, k.symbols);
  return n ? at(*n, k.group) : none;
}

std::string plan_table::describe() const {
  text_writer w;
  for (const auto& [key, n] : numbers_)
    for (const auto& e : shapes_.at(n))
      w(std::get<0>(key), std::get<1>(key), n, e.what, e.attempts, e.failure, e.predicted, e.lacking, e.until, e.busy,
        e.known);
  for (const auto& q : queues_)
    for (const auto& k : q)
      w(k);
  for (const auto& [m, g] : evicted_)
    w(m, g);
  w(any_evicted_);
  return std::move(w).text();
}

} // namespace baton::scheduling
