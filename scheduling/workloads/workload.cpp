#include "scheduling/workloads/workload.hpp"

namespace baton::scheduling::workloads {

arrival request_class::ask(time_point at) const {
  return {
      .at = at, .model = model, .rows = rows, .priority = priority, .deadline = slo < never - at ? at + slo : never};
}

void workload::ended(const arrival&, time_point) {}

} // namespace baton::scheduling::workloads
