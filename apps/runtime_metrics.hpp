#pragma once

#include <vector>

#include <prometheus/metric_family.h>

#include "actors/runtime.hpp"

/// Metrics that are read where they are kept when somebody asks for them.
namespace baton::apps {

/// Requests open and waiting, attempts, moves, devices and memory, as the runtime knows them.
void append_runtime_metrics(const actors::runtime& runtime, std::vector<prometheus::MetricFamily>& to);

/// What every Prometheus client library says of its process, read from /proc, and which build this is. What cannot be
/// read is left out.
void append_process_metrics(std::vector<prometheus::MetricFamily>& to);

} // namespace baton::apps
