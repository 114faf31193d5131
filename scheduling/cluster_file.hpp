#pragma once

#include <string_view>

#include "metadata/error.hpp"
#include "scheduling/cluster_description.hpp"

namespace baton::scheduling {

/// Reads a cluster from JSON:
///
///     {"nodes": [{"name": "a",                          letters, digits, '_', '-' and '.'
///                 "memory": "64 GiB",                   of its host; if not said, there is no limit
///                 "devices": [{"kind": "GTX 1080 Ti",   see metadata/device_kinds.hpp
///                              "count": 2,              1
///                              "lanes": 1,              1
///                              "contention": true,      true; whether what runs on several lanes slows each other, by
///                                                       what layers use (metadata/resource_use.hpp)
///                              "memory": "11 GiB",      the kind's
///                              "latency_scale": 0.5}],  1; what latencies are multiplied by: 0.5 is twice as fast
///                 "peers": "nvlink",                    how GPUs of the node reach each other: "host" (through its
///                 memory; if
///                                                       not said), "pcie" or "nvlink" (directly)
///                 "links": [{"from": "gpu0", "to": "gpu1", "bandwidth": "25 GB/s", "latency": "5 us",
///                            "one_way": true}]}],       false; links within the node that are otherwise
///      "network": {"bandwidth": "100 Gbit/s", "latency": "20 us"}}  between hosts of nodes; needed for more than one
///
/// A host reaches its GPU at the kind's PCIe (`device_kind::host_bandwidth`). What goes over several links takes their
/// latencies one after another and the least of their bandwidths: pieces of a copy are under way on all of them at
/// once.
///
/// Errors: one, `bad_argument`, naming the key's path (`nodes[1].devices[0].kind`), or line and column where it is no
/// JSON.
expected<cluster_description> parse_cluster(std::string_view json);

} // namespace baton::scheduling
