#include <nlohmann/json.hpp>

#include "apps/http/service.hpp"

namespace baton::apps::http {

namespace {

using json = nlohmann::ordered_json;

answer ok(const json& document) {
  return {200, document.dump(-1, ' ', false, json::error_handler_t::replace), {}};
}

json tensors(const metadata::model& m, const std::vector<metadata::value_index>& which) {
  auto list = json::array();
  for (auto v : which) {
    const auto& value = m.values()[v];
    auto shape = json::array();
    for (const auto& d : value.shape)
      shape.push_back(d.constant().value_or(-1));
    list.push_back({{"name", value.name}, {"datatype", metadata::to_string(value.type)}, {"shape", shape}});
  }
  return list;
}

} // namespace

answer service::server_metadata() const {
  return ok({{"name", "baton"},
             {"version", BATON_VERSION},
             {"extensions",
              {"binary_tensor_data", "classification", "model_configuration", "model_repository", "parameters",
               "schedule_policy", "statistics"}}});
}

answer service::model_metadata(const std::string& name, const served_model& m) const {
  auto versions = json::array();
  for (auto v : models_.versions(name))
    versions.push_back(std::to_string(v));
  return ok({{"name", name},
             {"versions", versions},
             {"platform", m.platform()},
             {"inputs", tensors(*m.what, m.what->inputs())},
             {"outputs", tensors(*m.what, m.what->outputs())}});
}

answer service::model_layers(const std::string& name, const served_model& m) const {
  auto layers = json::array();
  for (const auto& l : m.what->layers())
    layers.push_back({{"name", l.name}, {"kind", metadata::kind_name(l.attributes)}});
  return ok({{"name", name},
             {"version", m.version},
             {"symbols", m.what->symbols()},
             {"parameters", m.what->parameters()},
             {"weight_bytes", m.what->weight_bytes()},
             {"layers", layers}});
}

answer service::model_stats(const std::string& name, const served_model& m) const {
  auto it = statistics_.find({name, m.version});
  auto one = (it == statistics_.end() ? model_statistics{} : it->second).to_json(name, m.version);
  return ok({{"model_stats", json::array({std::move(one)})}});
}

answer service::all_stats() const {
  auto list = json::array();
  for (const auto& l : models_.index()) {
    if (l.state != "READY" || !l.version)
      continue;
    auto it = statistics_.find({l.name, *l.version});
    list.push_back((it == statistics_.end() ? model_statistics{} : it->second).to_json(l.name, *l.version));
  }
  return ok({{"model_stats", std::move(list)}});
}

answer service::stats() const {
  auto c = runtime_.counters();
  const auto& e = c.engine;
  auto memory = json::array();
  for (const auto& use : c.memory)
    memory.push_back({{"weights", use.weights}, {"blocks", use.blocks}, {"scratch", use.scratch}});
  auto devices = json::array();
  for (const auto& d : runtime_.devices())
    devices.push_back({{"name", d.name}, {"kind", d.kind}, {"domain", d.domain.value}});
  auto up = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  return ok({{"engine",
              {{"attempts", e.attempts},
               {"finished", e.finished},
               {"cancelled", e.cancelled},
               {"lost", e.lost},
               {"rejected", e.rejected},
               {"preemptions", e.preemptions},
               {"moves", e.moves},
               {"evictions", e.evictions},
               {"refused", e.refused},
               {"restarts", e.restarts}}},
             {"open_requests", c.open_requests},
             {"memory", memory},
             {"devices", devices},
             {"uptime_s", up}});
}

} // namespace baton::apps::http
