#include "scheduling/cluster_file.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "metadata/in_quotes.hpp"
#include "metadata/units.hpp"
#include "scheduling/cluster_links.hpp"
#include "scheduling/defaults.hpp"
#include "scheduling/json_fields.hpp"

namespace baton::scheduling {

namespace {

using metadata::in_quotes;

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'
           || c == '.';
  });
}

/// An amount that must be above 0, if the key is there.
template <class T>
expected<T> amount(const json_value& v, std::string_view key, expected<T> (*parse)(std::string_view), T otherwise) {
  const auto field = v.find(key);
  if (!field)
    return otherwise;
  auto x = field->parsed(parse);
  if (x && *x == T{})
    return field->wrong("it must be above 0");
  return x;
}

expected<std::int64_t> number(const json_value& v, std::string_view key, std::int64_t most) {
  const auto field = v.find(key);
  return field ? field->number(1, most) : expected<std::int64_t>(1);
}

/// Calls `read` with each entry of the array under `key`, if it is there. Stops at an error.
template <class F>
expected<void> each(const json_value& v, std::string_view key, F read) {
  const auto field = v.find(key);
  if (!field)
    return {};
  const auto count = field->array_size(defaults::most_domains);
  if (!count)
    return tl::unexpected(count.error());
  for (std::size_t i = 0; i < *count; ++i)
    if (expected<void> ok = read(field->item(i)); !ok)
      return ok;
  return {};
}

/// Latency and bandwidth; what is not said is as in `as_it_is`.
expected<link_facts> read_facts(const json_value& v, const link_facts& as_it_is) {
  const auto bandwidth = amount(v, "bandwidth", metadata::parse_rate, as_it_is.bandwidth);
  if (!bandwidth)
    return tl::unexpected(bandwidth.error());
  const auto given = v.find("latency");
  const auto latency = given ? given->parsed(metadata::parse_duration) : expected<duration>(as_it_is.latency);
  if (!latency)
    return tl::unexpected(latency.error());
  if (*latency > defaults::longest_latency)
    return given->wrong("it must be an hour at most");
  return link_facts{*latency, *bandwidth};
}

/// Puts a description together, node by node.
class cluster_reader {
public:
  expected<cluster_description> read(const json_value& top) {
    if (auto ok = top.check_object({"nodes", "network"}); !ok)
      return tl::unexpected(ok.error());
    const auto nodes = top.need("nodes");
    if (!nodes)
      return tl::unexpected(nodes.error());
    if (auto ok = each(top, "nodes", [&](const json_value& v) { return read_node(v); }); !ok)
      return tl::unexpected(ok.error());
    if (out_.devices.devices.empty())
      return nodes->wrong("no node has a device");
    auto network = read_network(top);
    if (!network)
      return tl::unexpected(network.error());
    out_.devices.links = links_.table(*network);
    return std::move(out_);
  }

private:
  expected<void> read_node(const json_value& v) {
    if (auto ok = v.check_object({"name", "memory", "devices", "peers", "links"}); !ok)
      return ok;
    if (auto ok = read_name(v); !ok)
      return ok;
    const auto memory = amount(v, "memory", metadata::parse_bytes, std::numeric_limits<std::uint64_t>::max());
    if (!memory)
      return tl::unexpected(memory.error());
    if (auto ok = add_domain(v, "host", *memory); !ok)
      return ok;
    links_.add_host();
    gpus_ = 0;
    if (auto ok = each(v, "devices", [&](const json_value& d) { return read_devices(d); }); !ok)
      return ok;
    if (auto ok = read_peers(v); !ok)
      return ok;
    return each(v, "links", [&](const json_value& l) { return read_link(l); });
  }

  expected<void> read_name(const json_value& v) {
    const auto field = v.need("name");
    if (!field)
      return tl::unexpected(field.error());
    const auto name = field->text();
    if (!name)
      return tl::unexpected(name.error());
    if (!is_name(*name))
      return field->wrong(in_quotes(*name) + " is no name: letters, digits, '_', '-' and '.'");
    if (std::find(out_.nodes.begin(), out_.nodes.end(), *name) != out_.nodes.end())
      return field->wrong("there is a node " + in_quotes(*name) + " already");
    out_.nodes.push_back(*name);
    return {};
  }

  expected<void> add_domain(const json_value& v, const std::string& name, std::uint64_t memory) {
    if (out_.domains.size() == defaults::most_domains)
      return v.wrong("more than " + std::to_string(defaults::most_domains) + " hosts and GPUs in all");
    const auto node = static_cast<std::uint32_t>(out_.nodes.size() - 1);
    out_.domains.push_back({out_.nodes.back() + "/" + name, node, memory});
    return {};
  }

  expected<void> read_devices(const json_value& v) {
    if (auto ok = v.check_object({"kind", "count", "lanes", "contention", "memory", "latency_scale"}); !ok)
      return ok;
    const auto speed = read_speed(v);
    if (!speed)
      return tl::unexpected(speed.error());
    const auto count = number(v, "count", defaults::most_domains);
    const auto lanes = number(v, "lanes", defaults::most_lanes);
    const auto memory = amount(v, "memory", metadata::parse_bytes, speed->kind->memory);
    if (!count || !lanes || !memory)
      return tl::unexpected(!count ? count.error() : !lanes ? lanes.error() : memory.error());
    const auto said = v.find("contention");
    const auto contention = said ? said->boolean() : expected<bool>(true);
    if (!contention)
      return tl::unexpected(contention.error());
    for (std::int64_t i = 0; i < *count; ++i) {
      if (auto ok = add_domain(v, "gpu" + std::to_string(gpus_++), *memory); !ok)
        return ok;
      auto& devices = out_.devices.devices;
      devices.push_back({.id = {static_cast<std::uint32_t>(devices.size())},
                         .domain = {static_cast<std::uint32_t>(out_.domains.size() - 1)},
                         .kind = number_of(*speed),
                         .lanes = static_cast<std::uint32_t>(*lanes)});
      out_.contention.push_back(*contention);
      links_.add_gpu(*speed->kind);
    }
    return {};
  }

  static expected<device_speed> read_speed(const json_value& v) {
    const auto field = v.need("kind");
    if (!field)
      return tl::unexpected(field.error());
    const auto kind = field->parsed(metadata::find_device_kind);
    if (!kind)
      return tl::unexpected(kind.error());
    device_speed speed{.kind = *kind};
    if (const auto scale = v.find("latency_scale")) {
      const auto x = scale->real();
      if (!x)
        return tl::unexpected(x.error());
      if (!(*x >= defaults::least_latency_scale && *x <= defaults::most_latency_scale))
        return scale->wrong("it must be from 0.001 to 1000");
      speed.latency_millionths = static_cast<std::uint32_t>(std::lround(*x * 1e6));
    }
    return speed;
  }

  std::uint32_t number_of(const device_speed& s) {
    const auto it = std::find(out_.speeds.begin(), out_.speeds.end(), s);
    const auto i = static_cast<std::uint32_t>(it - out_.speeds.begin());
    if (it == out_.speeds.end())
      out_.speeds.push_back(s);
    return i;
  }

  expected<void> read_peers(const json_value& v) {
    const auto field = v.find("peers");
    if (!field)
      return {};
    const auto way = field->text();
    if (!way)
      return tl::unexpected(way.error());
    if (*way != "host" && *way != "pcie" && *way != "nvlink")
      return field->wrong(in_quotes(*way) + " is none of host, pcie and nvlink");
    if (const auto* without = links_.without_nvlink(); *way == "nvlink" && without != nullptr)
      return field->wrong("a " + std::string(without->name) + " has no NVLink");
    links_.join_peers(*way == "nvlink" ? peer_way::nvlink : *way == "pcie" ? peer_way::pcie : peer_way::host);
    return {};
  }

  /// The place within the node of the domain that `key` names: 0 is the host.
  expected<std::size_t> end_of(const json_value& v, std::string_view key) const {
    const auto field = v.need(key);
    if (!field)
      return tl::unexpected(field.error());
    const auto name = field->text();
    if (!name)
      return tl::unexpected(name.error());
    for (std::size_t i = 0; i <= gpus_; ++i)
      if (*name == (i == 0 ? "host" : "gpu" + std::to_string(i - 1)))
        return i;
    return field->wrong("there is no " + in_quotes(*name) + " in this node; it has host"
                        + (gpus_ == 0 ? "" : " and gpu0 to gpu" + std::to_string(gpus_ - 1)));
  }

  expected<void> read_link(const json_value& v) {
    if (auto ok = v.check_object({"from", "to", "bandwidth", "latency", "one_way"}); !ok)
      return ok;
    const auto from = end_of(v, "from");
    const auto to = end_of(v, "to");
    if (!from || !to)
      return tl::unexpected(from ? to.error() : from.error());
    if (*from == *to)
      return v.wrong("it goes from a memory to itself");
    const auto one = v.find("one_way");
    const auto one_way = one ? one->boolean() : expected<bool>(false);
    if (!one_way)
      return tl::unexpected(one_way.error());
    if (!v.find("bandwidth") && !v.find("latency"))
      return v.wrong("it says neither bandwidth nor latency");
    for (const auto& [a, b] : {std::pair(*from, *to), std::pair(*to, *from)}) {
      if (*one_way && a != *from)
        break;
      const auto facts = read_facts(v, links_.within_node(a, b));
      if (!facts)
        return tl::unexpected(facts.error());
      if (!links_.describe(a, b, *facts))
        return v.wrong("this link is described already");
    }
    return {};
  }

  expected<link_facts> read_network(const json_value& top) const {
    const auto field = top.find("network");
    if (!field && out_.nodes.size() == 1)
      return link_facts{};
    if (!field)
      return top.wrong("there are several nodes: the key 'network' is missing");
    if (auto ok = field->check_object({"bandwidth", "latency"}); !ok)
      return tl::unexpected(ok.error());
    for (const auto* key : {"bandwidth", "latency"})
      if (auto there = field->need(key); !there)
        return tl::unexpected(there.error());
    return read_facts(*field, {});
  }

  cluster_description out_;
  cluster_links links_;
  std::size_t gpus_ = 0; ///< of the node that is read
};

} // namespace

expected<cluster_description> parse_cluster(std::string_view json) {
  const auto parsed = parse_json(json);
  if (!parsed)
    return tl::unexpected(parsed.error());
  return cluster_reader().read(json_value(*parsed, ""));
}

} // namespace baton::scheduling
