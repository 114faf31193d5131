#include "apps/http/service.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "apps/device_time.hpp"

namespace baton::apps::http {

unsigned status_of(errc code) {
  switch (code) {
  case errc::none: return 200;
  case errc::bad_request:
  case errc::bad_argument: return 400;
  case errc::not_found: return 404;
  case errc::out_of_memory:
  case errc::overloaded:
  case errc::unavailable:
  case errc::cancelled: return 503;
  case errc::deadline_exceeded: return 504;
  default: return 500;
  }
}

service::service(actors::runtime& runtime, catalog& models, poster post)
    : runtime_(runtime), models_(models), post_(std::move(post)) {}

std::optional<metadata::request_id> service::handle(std::string_view method, std::string_view target,
                                                    std::string_view body, reply then) {
  auto found = find_route(method, target);
  if (auto* refusal = std::get_if<answer>(&found)) {
    then(std::move(*refusal));
    return std::nullopt;
  }
  const auto& r = std::get<route>(found);
  if (r.what == endpoint::infer)
    return infer(r, body, std::move(then));
  if (r.what == endpoint::load || r.what == endpoint::unload)
    change_repository(r, body, std::move(then));
  else
    then(get(r, body));
  return std::nullopt;
}

std::optional<metadata::request_id> service::infer(const route& r, std::string_view body, reply then) {
  auto refused = [&](answer a) {
    then(std::move(a));
    return std::nullopt;
  };
  auto found = models_.find(r.model, r.version);
  if (!found)
    return refused(refuse(status_of(found.error().code), found.error().message));
  const auto& m = *found;
  if (draining_)
    return refused(refuse(503, "the server is shutting down"));
  auto devices = runtime_.devices().size();
  auto call = decode_infer(body, *m->what, devices, next_device_);
  if (!call)
    return refused(refuse(status_of(call.error().code), call.error().message));
  if (auto good = m->check(call->request.inputs); !good)
    return refused(refuse(status_of(good.error().code), good.error().message));
  call->request.model = m->id;
  if (!call->request.steps.empty())
    next_device_ = (next_device_ + 1) % static_cast<std::uint32_t>(devices);
  auto id = runtime_.submit(std::move(call->request));
  if (!id) {
    ++counters_[r.model].failed;
    return refused(refuse(status_of(id.error().code), id.error().message));
  }
  open_.emplace(*id, open_call{std::move(*call), m, std::move(then)});
  return *id;
}

void service::cancel(metadata::request_id id) {
  runtime_.cancel(id);
}

void service::deliver_results() {
  while (auto d = runtime_.results().try_pop()) {
    auto node = open_.extract(d->request);
    if (node.empty())
      continue; // not one of ours
    auto a = finish(node.mapped(), *d);
    node.mapped().then(std::move(a));
  }
}

answer service::finish(const open_call& c, const actors::done& d) {
  const auto& m = *c.model->what;
  auto& counted = counters_[m.name()];
  if (d.failure != errc::none) {
    ++counted.failed;
    spdlog::debug("request {} for '{}' ended: {} ({})", d.request.value, m.name(), d.message, to_string(d.failure));
    return refuse(status_of(d.failure), d.message.empty() ? std::string{to_string(d.failure)} : d.message);
  }
  auto body = encode_answer(c.call, d, m, c.model->version, runtime_.devices());
  if (!body) {
    ++counted.failed;
    return refuse(status_of(body.error().code), body.error().message);
  }
  ++counted.succeeded;
  const auto& first = m.values()[m.outputs().front()];
  counted.inferences += first.batch_axis && !d.outputs.empty()
                            ? static_cast<std::uint64_t>(d.outputs.front().shape()[*first.batch_axis])
                            : 1;
  counted.total += d.total;
  counted.busy += device_time(d);
  return {200, std::move(*body), {}};
}

answer service::get(const route& r, std::string_view body) {
  switch (r.what) {
  case endpoint::server_metadata: return server_metadata();
  case endpoint::live: return {200, R"({"live":true})", {}};
  // The protocol wants a 4xx for "no".
  case endpoint::ready: return ready() ? answer{200, R"({"ready":true})", {}} : answer{400, R"({"ready":false})", {}};
  case endpoint::index: return index(body);
  case endpoint::baton_stats: return stats();
  default: break;
  }
  auto found = models_.find(r.model, r.version);
  if (!found && (r.what != endpoint::model_ready || found.error().code == errc::not_found))
    return refuse(status_of(found.error().code), found.error().message);
  if (r.what == endpoint::model_ready) {
    bool good = found && !draining_ && runtime_.healthy();
    auto text = fmt::format(R"({{"name":{},"ready":{}}})", quote_json(r.model), good);
    return {good ? 200U : 400U, std::move(text), {}};
  }
  const auto& m = **found;
  switch (r.what) {
  case endpoint::model_stats: return model_stats(r.model, m);
  case endpoint::model_config: return model_configuration(m);
  case endpoint::baton_model: return model_layers(r.model, m);
  default: return model_metadata(r.model, m);
  }
}

} // namespace baton::apps::http
