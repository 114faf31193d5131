#include <vector>

#include <spdlog/spdlog.h>

#include "apps/defaults.hpp"
#include "apps/http/service.hpp"
#include "apps/log.hpp"

/// What is kept of an inference once it has its answer: counts and, if it is wanted, a line in the log.
namespace baton::apps::http {

namespace {

std::string_view shortened(std::string_view text) {
  return text.substr(0, defaults::logged_text);
}

std::int64_t microseconds(metadata::duration d) {
  return std::chrono::duration_cast<std::chrono::microseconds>(d).count();
}

} // namespace

void service::record(const account& a) {
  if (!a.version)
    metrics_.unknown_model();
  else if (a.failure == errc::none)
    metrics_.of(a.model, *a.version).succeeded(*a.result, a.rows);
  else
    metrics_.of(a.model, *a.version).ended(a.failure);

  auto level = log_requests_ ? spdlog::level::info : spdlog::level::debug;
  if (!spdlog::should_log(level))
    return;
  std::vector<log_field> fields;
  if (a.result)
    fields.push_back({"request", static_cast<std::int64_t>(a.result->request.value)});
  if (!a.id.empty())
    fields.push_back({"id", shortened(a.id)});
  fields.push_back({"model", shortened(a.model)});
  if (a.version)
    fields.push_back({"version", *a.version});
  fields.push_back({"status", std::int64_t{status_of(a.failure)}});
  fields.push_back({"outcome", a.version ? to_string(outcome_of(a.failure)) : "unknown_model"});
  if (a.failure != errc::none)
    fields.push_back({"error", a.message});
  if (a.result) {
    const auto& d = *a.result;
    fields.push_back({"attempts", std::int64_t{d.attempts}});
    fields.push_back({"queued_us", microseconds(d.queued)});
    fields.push_back({"computing_us", microseconds(d.computing)});
    fields.push_back({"moving_us", microseconds(d.moving)});
    fields.push_back({"total_us", microseconds(d.total)});
    fields.push_back({"preemptions", std::int64_t{d.preemptions}});
    fields.push_back({"moves", std::int64_t{d.moves}});
    if (d.device.value < runtime_.devices().size())
      fields.push_back({"device", runtime_.devices()[d.device.value].name});
  }
  log_event(level, "inference", fields);
}

} // namespace baton::apps::http
