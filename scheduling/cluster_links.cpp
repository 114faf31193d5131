#include "scheduling/cluster_links.hpp"

#include <algorithm>

#include "scheduling/defaults.hpp"

namespace baton::scheduling {

namespace {

/// One after the other, in pieces that are under way on both.
link_facts behind(const link_facts& a, const link_facts& b) {
  return {a.latency + b.latency, std::min(a.bandwidth, b.bandwidth)};
}

} // namespace

link_facts cluster_links::node::link(std::size_t from, std::size_t to) const {
  if (from == to)
    return {};
  if (const auto& own = described[from][to])
    return *own;
  if (from == 0 || to == 0)
    return {defaults::host_link_latency, gpus[std::max(from, to) - 1]->host_bandwidth()};
  if (peers == peer_way::nvlink)
    return {defaults::peer_link_latency, std::min(gpus[from - 1]->nvlink, gpus[to - 1]->nvlink)};
  auto both = behind(link(from, 0), link(0, to));
  if (peers == peer_way::pcie)
    both.latency = defaults::host_link_latency;
  return both;
}

void cluster_links::add_gpu(const metadata::device_kind& kind) {
  auto& n = nodes_.back();
  n.gpus.push_back(&kind);
  for (auto& row : n.described)
    row.emplace_back();
  n.described.emplace_back(n.described.size() + 1);
}

const metadata::device_kind* cluster_links::without_nvlink() const {
  const auto& gpus = nodes_.back().gpus;
  const auto it = std::find_if(gpus.begin(), gpus.end(), [](const auto* k) { return k->nvlink == 0; });
  return it == gpus.end() ? nullptr : *it;
}

bool cluster_links::describe(std::size_t from, std::size_t to, const link_facts& facts) {
  auto& own = nodes_.back().described[from][to];
  if (own)
    return false;
  own = facts;
  return true;
}

std::vector<std::vector<link_facts>> cluster_links::table(const link_facts& network) const {
  struct place {
    const node* of;
    std::size_t within;
  };
  std::vector<place> domains;
  for (const auto& n : nodes_)
    for (std::size_t i = 0; i <= n.gpus.size(); ++i)
      domains.push_back({&n, i});
  const auto between = [&](const place& a, const place& b) {
    if (a.of == b.of)
      return a.of->link(a.within, b.within);
    auto way = network;
    if (a.within != 0)
      way = behind(a.of->link(a.within, 0), way);
    if (b.within != 0)
      way = behind(way, b.of->link(0, b.within));
    return way;
  };
  std::vector<std::vector<link_facts>> result(domains.size());
  for (std::size_t a = 0; a < domains.size(); ++a)
    for (const auto& b : domains)
      result[a].push_back(between(domains[a], b));
  return result;
}

} // namespace baton::scheduling
