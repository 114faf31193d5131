#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "metadata/device_kinds.hpp"
#include "scheduling/cluster_description.hpp"

namespace baton::scheduling {

/// How GPUs of one node reach each other.
enum class peer_way : std::uint8_t { host, pcie, nvlink };

/// Makes the table of links of a cluster, node by node: a host, its GPUs, then what is otherwise.
class cluster_links {
public:
  void add_host() { nodes_.emplace_back(); }
  void add_gpu(const metadata::device_kind& kind);
  /// Of all GPUs of the last node.
  void join_peers(peer_way way) { nodes_.back().peers = way; }
  /// A kind of the last node that has no NVLink; null: all have it.
  const metadata::device_kind* without_nvlink() const;

  // Links of the last node: 0 is its host, 1 its first GPU.
  link_facts within_node(std::size_t from, std::size_t to) const { return nodes_.back().link(from, to); }
  /// False: it is described already.
  bool describe(std::size_t from, std::size_t to, const link_facts& facts);

  /// [from domain][to domain], nodes joined by `network`.
  std::vector<std::vector<link_facts>> table(const link_facts& network) const;

private:
  struct node {
    std::vector<const metadata::device_kind*> gpus;
    peer_way peers = peer_way::host;
    std::vector<std::vector<std::optional<link_facts>>> described{1, std::vector<std::optional<link_facts>>(1)};

    link_facts link(std::size_t from, std::size_t to) const;
  };
  std::vector<node> nodes_;
};

} // namespace baton::scheduling
