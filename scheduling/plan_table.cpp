#include "scheduling/plan_table.hpp"

#include <algorithm>

#include "scheduling/defaults.hpp"
#include "scheduling/text_archive.hpp"

namespace baton::scheduling {

plan_table::plan_table(const cluster& devices) {
  std::vector<std::pair<domain_id, std::uint32_t>> seen;
  for (const auto& d : devices.devices) {
    auto key = std::pair{d.domain, d.kind};
    auto i = std::find(seen.begin(), seen.end(), key);
    group_of_.push_back(static_cast<std::uint32_t>(i - seen.begin()));
    if (i == seen.end())
      seen.push_back(key);
  }
  groups_ = static_cast<std::uint32_t>(seen.size());
  queues_.resize(groups_);
}

std::size_t plan_table::shapes(model_id m) const {
  auto of = [m](const auto& e) { return e.first.model == m && e.first.group == 0; };
  return static_cast<std::size_t>(std::count_if(entries_.begin(), entries_.end(), of));
}

bool plan_table::knows(model_id m, const std::vector<std::int64_t>& symbols) const {
  return entries_.contains({0, m, symbols});
}

void plan_table::want(model_id m, const std::vector<std::int64_t>& symbols, time_point now) {
  for (std::uint32_t g = 0; g < groups_; ++g) {
    plan_key k{g, m, symbols};
    auto& e = entries_[k];
    bool again = e.what == status::failed && now >= e.again;
    if (e.what != status::absent && !again)
      continue;
    e = {status::queued, 0, never, errc::none, {}};
    queues_[g].push_back(k);
  }
}

std::optional<plan_key> plan_table::next_job(std::uint32_t group) {
  auto& q = queues_[group];
  if (q.empty())
    return std::nullopt;
  auto k = q.front();
  q.pop_front();
  auto& e = entries_[k];
  e.what = status::building;
  ++e.attempts;
  return k;
}

void plan_table::built(const plan_key& k) {
  entries_[k] = {status::ready, 0, never, errc::none, {}};
}

void plan_table::not_built(const plan_key& k, errc reason, const std::string& text, time_point now) {
  auto& e = entries_[k];
  bool device_at_fault = reason == errc::attempt_lost || reason == errc::device_failed;
  if (device_at_fault && e.attempts < defaults::job_attempts) {
    e.what = status::queued;
    queues_[k.group].push_back(k);
    return;
  }
  e.what = status::failed;
  e.again = reason == errc::out_of_memory ? now + defaults::memory_retry : never;
  e.failure = reason;
  e.text = text;
}

const plan_table::entry& plan_table::at(const plan_key& k) const {
  static const entry none;
  auto i = entries_.find(k);
  return i == entries_.end() ? none : i->second;
}

std::string plan_table::describe() const {
  text_writer w;
  for (const auto& [k, e] : entries_)
    w(k, e.what, e.attempts, e.failure);
  for (const auto& q : queues_)
    for (const auto& k : q)
      w(k);
  return std::move(w).text();
}

} // namespace baton::scheduling
