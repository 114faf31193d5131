#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/http/service.hpp"

/// The repository's side of the protocol (KServe's "model repository" and "model configuration" extensions).
namespace baton::apps::http {

namespace {

using json = nlohmann::ordered_json;

answer ok(const json& document) {
  return {200, document.dump(-1, ' ', false, json::error_handler_t::replace), {}};
}

/// The body of a command: an object, or nothing at all.
expected<json> parse_command(std::string_view body) {
  if (body.find_first_not_of(" \t\r\n") == body.npos)
    return json::object();
  if (body.size() > defaults::json_limit)
    return fail(errc::bad_request, fmt::format("the body is larger than {} bytes", defaults::json_limit));
  bool too_deep = false;
  auto document = json::parse(
      body,
      [&](int depth, json::parse_event_t, json&) {
        too_deep = too_deep || depth > static_cast<int>(defaults::json_depth);
        return !too_deep;
      },
      false);
  if (too_deep)
    return fail(errc::bad_request, fmt::format("the body is nested deeper than {}", defaults::json_depth));
  if (!document.is_object())
    return fail(errc::bad_request, "the body is not a JSON object");
  return document;
}

/// What we cannot do must not be passed over: the model would be another than the one asked for.
expected<void> check_load_parameters(const json& document) {
  auto parameters = document.find("parameters");
  if (parameters == document.end())
    return {};
  if (!parameters->is_object())
    return fail(errc::bad_request, "'parameters' is not an object");
  for (const auto& [name, value] : parameters->items())
    if (name == "config" || name.starts_with("file:"))
      return fail(errc::bad_request, fmt::format("parameter '{}' is not supported: files and config.pbtxt are read "
                                                 "from the model's folder",
                                                 name.substr(0, 64)));
  return {};
}

unsigned status_of_change(errc code) {
  return code == errc::bad_model || code == errc::io ? 400 : status_of(code);
}

json tensor(const metadata::value& v, const tensor_config* said, bool batched) {
  auto dims = json::array();
  if (said && !said->dims.empty()) {
    for (auto d : said->dims)
      dims.push_back(d);
  } else {
    for (std::size_t i = batched ? 1 : 0; i < v.shape.size(); ++i)
      dims.push_back(v.shape[i].constant().value_or(-1));
  }
  return {{"name", v.name}, {"data_type", fmt::format("TYPE_{}", metadata::to_string(v.type))}, {"dims", dims}};
}

const tensor_config* find(const std::vector<tensor_config>& among, const std::string& name) {
  for (const auto& t : among)
    if (t.name == name)
      return &t;
  return nullptr;
}

json policy(const version_policy& p) {
  switch (p.what) {
  case version_policy::kind::all: return {{"all", json::object()}};
  case version_policy::kind::specific: return {{"specific", {{"versions", p.specific}}}};
  case version_policy::kind::latest: break;
  }
  return {{"latest", {{"num_versions", p.latest}}}};
}

} // namespace

answer service::index(std::string_view body) const {
  auto document = parse_command(body);
  if (!document)
    return refuse(400, document.error().message);
  bool ready_only = document->contains("ready") && (*document)["ready"] == true;
  auto list = json::array();
  for (const auto& l : models_.index()) {
    if (ready_only && l.state != "READY")
      continue;
    json one{{"name", l.name}};
    if (l.version)
      one["version"] = std::to_string(*l.version);
    one["state"] = l.state;
    if (!l.reason.empty())
      one["reason"] = l.reason;
    list.push_back(std::move(one));
  }
  return ok(list);
}

/// The catalog's thread carries it out; its answer comes back to ours.
void service::change_repository(const route& r, std::string_view body, reply then) {
  if (draining_)
    return then(refuse(503, "the server is shutting down"));
  auto document = parse_command(body);
  if (!document)
    return then(refuse(400, document.error().message));
  if (auto good = check_load_parameters(*document); !good)
    return then(refuse(400, good.error().message));
  bool load = r.what == endpoint::load;
  auto number = ++last_command_;
  commands_.emplace(number, std::move(then));
  auto done = [this, post = post_, number, load, name = r.model](expected<void> result) {
    post([this, number, load, name, result = std::move(result)] {
      auto node = commands_.extract(number);
      if (node.empty())
        return;
      node.mapped()(result ? ok({{"name", name}, {load ? "load" : "unload", true}})
                           : refuse(status_of_change(result.error().code), result.error().message));
    });
  };
  if (load)
    models_.load(r.model, std::move(done));
  else
    models_.unload(r.model, std::move(done));
}

answer service::model_configuration(const served_model& m) const {
  const auto& c = m.config;
  json document{{"name", m.name},
                {"platform", c.platform.empty() ? m.platform() : c.platform},
                {"backend", c.backend.empty() ? "baton" : c.backend},
                {"version_policy", policy(c.versions)},
                {"max_batch_size", c.max_batch.value_or(0)},
                {"default_model_filename", c.file}};
  for (auto v : m.what->inputs())
    document["input"].push_back(tensor(m.what->values()[v], find(c.inputs, m.what->values()[v].name), !!c.max_batch));
  for (auto v : m.what->outputs()) {
    const auto* said = find(c.outputs, m.what->values()[v].name);
    auto one = tensor(m.what->values()[v], said, !!c.max_batch);
    if (said && !said->label_file.empty())
      one["label_filename"] = said->label_file;
    document["output"].push_back(std::move(one));
  }
  if (c.queue_delay_us)
    document["dynamic_batching"] = {{"preferred_batch_size", c.preferred_batches},
                                    {"max_queue_delay_microseconds", *c.queue_delay_us}};
  for (const auto& w : c.warmups) {
    json one{{"name", w.name}, {"batch_size", w.batch}, {"inputs", json::object()}};
    for (const auto& [name, dims] : w.inputs)
      one["inputs"][name] = {{"dims", dims}};
    document["model_warmup"].push_back(std::move(one));
  }
  if (!c.warnings.empty())
    document["warnings"] = c.warnings;
  return ok(document);
}

} // namespace baton::apps::http
