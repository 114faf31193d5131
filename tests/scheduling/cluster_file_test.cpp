#include <catch2/catch.hpp>

#include "scheduling/cluster_file.hpp"
#include "scheduling/defaults.hpp"

using namespace baton;
using namespace baton::scheduling;

namespace {

const std::string two_nodes = R"({
  "nodes": [
    {"name": "a", "memory": "64 GiB",
     "devices": [{"kind": "gtx-1080-ti", "count": 2, "memory": "8 GiB"},
                 {"kind": "RTX 2060", "lanes": 2, "latency_scale": 0.3}],
     "links": [{"from": "gpu0", "to": "gpu2", "bandwidth": "2 GB/s"},
               {"from": "host", "to": "gpu1", "latency": "1 us", "one_way": true}]},
    {"name": "b", "peers": "nvlink", "devices": [{"kind": "H100", "count": 2}]}
  ],
  "network": {"bandwidth": "10 Gbit/s", "latency": "20 us"}
})";

std::string refused(const std::string& json) {
  const auto c = parse_cluster(json);
  REQUIRE_FALSE(c);
  CHECK(c.error().code == errc::bad_argument);
  return c.error().message;
}
/// A cluster of one node with these fields.
std::string node(const std::string& fields) {
  return refused(R"({"nodes": [{"name": "a", )" + fields + "}]}");
}
std::string device(const std::string& fields) {
  return node(R"("devices": [{)" + fields + "}]");
}
std::string link(const std::string& fields) {
  return node(R"("devices": [{"kind": "L4", "count": 2}], "links": [{)" + fields + "}]");
}

std::uint64_t pcie(std::string_view kind) {
  return metadata::find_device_kind(kind).value()->host_bandwidth();
}

} // namespace

TEST_CASE("a cluster file gives hosts, GPUs and devices in order", "[scheduling]") {
  const auto c = parse_cluster(two_nodes).value();
  CHECK(c.nodes == std::vector<std::string>{"a", "b"});
  std::vector<std::string> names;
  for (const auto& d : c.domains)
    names.push_back(d.name);
  CHECK(names == std::vector<std::string>{"a/host", "a/gpu0", "a/gpu1", "a/gpu2", "b/host", "b/gpu0", "b/gpu1"});
  CHECK(c.domains[0].memory == std::uint64_t{64} << 30);
  CHECK(c.domains[1].memory == std::uint64_t{8} << 30);
  CHECK(c.domains[3].memory == std::uint64_t{6} << 30);
  CHECK(c.domains[4].memory == UINT64_MAX);
  CHECK(c.domains[4].node == 1);
  CHECK(c.domains[3].node == 0);

  REQUIRE(c.devices.devices.size() == 5);
  for (std::uint32_t i = 0; i < 5; ++i)
    CHECK(c.devices.devices[i].id.value == i);
  CHECK(c.devices.at({0}).domain.value == 1);
  CHECK(c.devices.at({0}).kind == c.devices.at({1}).kind);
  CHECK(c.devices.at({2}).lanes == 2);
  CHECK(c.devices.at({3}).domain.value == 5);
  CHECK(c.name({3}) == "b/gpu0");
  REQUIRE(c.speeds.size() == 3);
  const auto& slow = c.speeds[c.devices.at({2}).kind];
  CHECK(slow.kind->name == "RTX 2060");
  CHECK(slow.latency_millionths == 300'000);
  CHECK(slow.scaled(duration{1'000'001}) == duration{300'000});
}

TEST_CASE("devices of one kind at two speeds are two kinds", "[scheduling]") {
  const auto c =
      parse_cluster(R"({"nodes": [{"name": "a", "devices": [{"kind": "L4"}, {"kind": "L4", "latency_scale": 2},
                                   {"kind": "L4", "latency_scale": 1.0}]}]})")
          .value();
  CHECK(c.devices.at({0}).kind != c.devices.at({1}).kind);
  CHECK(c.devices.at({0}).kind == c.devices.at({2}).kind);
}

TEST_CASE("tasks on several lanes slow each other unless it is said otherwise", "[scheduling]") {
  const auto c = parse_cluster(R"({"nodes": [{"name": "a", "devices": [
                                   {"kind": "L4"}, {"kind": "L4", "lanes": 2, "contention": false},
                                   {"kind": "L4", "lanes": 2, "count": 2, "contention": true}]}]})")
                     .value();
  CHECK_FALSE(c.slow_each_other({0}));
  CHECK_FALSE(c.slow_each_other({1}));
  CHECK(c.slow_each_other({2}));
  CHECK(c.slow_each_other({3}));
  CHECK(c.devices.at({1}).kind == c.devices.at({2}).kind);
}

TEST_CASE("links go through PCIe and hosts, unless it is said otherwise", "[scheduling]") {
  const auto c = parse_cluster(two_nodes).value();
  const auto at = [&](std::uint32_t from, std::uint32_t to) { return c.devices.links[from][to]; };
  const duration hop = defaults::host_link_latency;
  const duration us{1000};
  CHECK(at(0, 2) == link_facts{us, pcie("GTX 1080 Ti")}); // described one way
  CHECK(at(2, 0) == link_facts{hop, pcie("GTX 1080 Ti")});
  CHECK(at(1, 2) == link_facts{hop + us, pcie("GTX 1080 Ti")});
  CHECK(at(2, 1) == link_facts{2 * hop, pcie("GTX 1080 Ti")});
  CHECK(at(1, 3) == link_facts{2 * hop, 2'000'000'000}); // described both ways
  CHECK(at(3, 1) == at(1, 3));
  CHECK(at(5, 6) == link_facts{defaults::peer_link_latency, 450'000'000'000});
  CHECK(at(0, 4) == link_facts{20 * us, 1'250'000'000});
  CHECK(at(4, 0) == at(0, 4));
  CHECK(at(1, 6) == link_facts{2 * hop + 20 * us, 1'250'000'000});
  CHECK(at(6, 2) == link_facts{hop + 21 * us, 1'250'000'000});
  CHECK(c.copy_time({0}, {4}, 1'250'000) == duration{1'020'000});
  CHECK(c.copy_time({0}, {4}, UINT64_MAX) < never);
  CHECK(c.copy_time({3}, {3}, UINT64_MAX) == duration{0});

  const auto direct = parse_cluster(R"({"nodes": [{"name": "a", "peers": "pcie",
                                        "devices": [{"kind": "L4"}, {"kind": "V100"}]}]})")
                          .value();
  CHECK(direct.devices.links[1][2] == link_facts{hop, pcie("V100")});
}

TEST_CASE("a mistake in a cluster file is said by its path", "[scheduling]") {
  CHECK(refused("[]") == "the description: an object is needed, with nodes, network");
  CHECK(refused("{}") == "the description: the key 'nodes' is missing");
  CHECK(refused(R"({"nodes": []})") == "nodes: an array with at least one entry is needed");
  CHECK(refused(R"({"nodes": [{"name": "a"}]})") == "nodes: no node has a device");
  CHECK(refused(R"({"node": []})") == "the description: there is no key 'node' here; there are nodes, network");
  CHECK(refused(R"({"nodes": [{}]})") == "nodes[0]: the key 'name' is missing");
  CHECK(refused(R"({"nodes": [{"name": "a/b"}]})")
        == "nodes[0].name: 'a/b' is no name: letters, digits, '_', '-' and '.'");
  CHECK(refused(R"({"nodes": [{"name": "a"}, {"name": "a"}]})") == "nodes[1].name: there is a node 'a' already");
  CHECK(node(R"("memory": "0 B")") == "nodes[0].memory: it must be above 0");
  CHECK(node(R"("memory": 5)") == "nodes[0].memory: a text in quotes is needed");
  CHECK(node(R"("devices": {})") == "nodes[0].devices: an array with at least one entry is needed");
  CHECK(node(R"("devices": [7])")
        == "nodes[0].devices[0]: an object is needed, with kind, count, lanes, contention, memory, latency_scale");
  CHECK(device("") == "nodes[0].devices[0]: the key 'kind' is missing");
  CHECK(device(R"("kind": "GTX 9")")
            .starts_with("nodes[0].devices[0].kind: there is no device kind 'GTX 9'; there are "));
  CHECK(device(R"("kind": "L4", "count": 0)") == "nodes[0].devices[0].count: a whole number from 1 to 1024 is needed");
  CHECK(device(R"("kind": "L4", "count": 1.5)")
        == "nodes[0].devices[0].count: a whole number from 1 to 1024 is needed");
  CHECK(device(R"("kind": "L4", "count": 18446744073709551615)")
        == "nodes[0].devices[0].count: a whole number from 1 to 1024 is needed");
  CHECK(device(R"("kind": "L4", "count": 1024)") == "nodes[0].devices[0]: more than 1024 hosts and GPUs in all");
  CHECK(device(R"("kind": "L4", "lanes": 9)") == "nodes[0].devices[0].lanes: a whole number from 1 to 8 is needed");
  CHECK(device(R"("kind": "L4", "contention": "no")") == "nodes[0].devices[0].contention: true or false is needed");
  CHECK(device(R"("kind": "L4", "memory": "5 apples")")
            .starts_with("nodes[0].devices[0].memory: '5 apples' is not an amount of memory"));
  CHECK(device(R"("kind": "L4", "latency_scale": 0)")
        == "nodes[0].devices[0].latency_scale: it must be from 0.001 to 1000");
  CHECK(device(R"("kind": "L4", "latency_scale": "1")") == "nodes[0].devices[0].latency_scale: a number is needed");
  CHECK(node(R"("devices": [{"kind": "L4"}], "peers": "nvlink")") == "nodes[0].peers: a L4 has no NVLink");
  CHECK(node(R"("peers": "usb")") == "nodes[0].peers: 'usb' is none of host, pcie and nvlink");
}

TEST_CASE("a mistake in a link is said by its path", "[scheduling]") {
  CHECK(link("") == "nodes[0].links[0]: the key 'from' is missing");
  CHECK(link(R"("from": "gpu0", "to": "gpu2", "latency": "1 us")")
        == "nodes[0].links[0].to: there is no 'gpu2' in this node; it has host and gpu0 to gpu1");
  CHECK(link(R"("from": "gpu0", "to": "gpu0", "latency": "1 us")")
        == "nodes[0].links[0]: it goes from a memory to itself");
  CHECK(link(R"("from": "gpu0", "to": "gpu1")") == "nodes[0].links[0]: it says neither bandwidth nor latency");
  CHECK(link(R"("from": "gpu0", "to": "gpu1", "bandwidth": "0 B/s")")
        == "nodes[0].links[0].bandwidth: it must be above 0");
  CHECK(link(R"("from": "gpu0", "to": "gpu1", "latency": "2 h")")
        == "nodes[0].links[0].latency: it must be an hour at most");
  CHECK(link(R"("from": "gpu0", "to": "gpu1", "latency": "1 us", "one_way": 1)")
        == "nodes[0].links[0].one_way: true or false is needed");
  CHECK(link(R"("from": "gpu0", "to": "gpu1", "latency": "1 us"}, {"from": "gpu1", "to": "gpu0", "latency": "1 us")")
        == "nodes[0].links[1]: this link is described already");

  const std::string nodes = R"({"nodes": [{"name": "a", "devices": [{"kind": "L4"}]}, {"name": "b"}])";
  CHECK(refused(nodes + "}") == "the description: there are several nodes: the key 'network' is missing");
  CHECK(refused(nodes + R"(, "network": {"latency": "1 us"}})") == "network: the key 'bandwidth' is missing");
  CHECK(refused(nodes + R"(, "network": {"latency": "1", "bandwidth": "1 GB/s"}})")
            .starts_with("network.latency: '1' is not a time"));
}

TEST_CASE("text that is no JSON is said by line and column, a key given twice by its path", "[scheduling]") {
  CHECK(refused("") == "line 1, column 1: this is no JSON");
  CHECK(refused("{\n \"nodes\": [}").starts_with("line 2, column 12: this is no JSON"));
  CHECK(refused("{\"a\": 1e999}") == "a number is too large");
  CHECK(refused(R"({"nodes": [{"name": "a"}, {"name": "b", "devices": [{"kind": "L4", "kind": "L4"}]}]})")
        == "'nodes[1].devices[0].kind' is there twice");
}

TEST_CASE("a cluster file cut off or spoilt anywhere does no harm", "[scheduling]") {
  for (std::size_t i = 0; i < two_nodes.size(); ++i) {
    CHECK_FALSE(parse_cluster(two_nodes.substr(0, i)));
    for (const char c : {'\0', '"', '{', ']', '9', '-', '\xff'}) {
      auto spoilt = two_nodes;
      spoilt[i] = c;
      if (const auto cluster = parse_cluster(spoilt)) {
        CHECK(cluster->devices.links.size() == cluster->domains.size());
      } else {
        CHECK_FALSE(cluster.error().message.empty());
      }
    }
  }
  CHECK_FALSE(parse_cluster(std::string(100'000, '[')));
}
