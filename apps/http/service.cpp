#include "apps/http/service.hpp"

#include <algorithm>

#include <fmt/format.h>

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

std::optional<metadata::request_id> service::handle(const asked& what, reply then) {
  auto found = find_route(what.method, what.target);
  if (auto* refusal = std::get_if<answer>(&found)) {
    then(std::move(*refusal));
    return std::nullopt;
  }
  const auto& r = std::get<route>(found);
  if (r.what == endpoint::infer)
    return infer(r, what, std::move(then));
  if (r.what == endpoint::load || r.what == endpoint::unload)
    change_repository(r, what.body, std::move(then));
  else
    then(get(r, what.body));
  return std::nullopt;
}

std::optional<metadata::request_id> service::infer(const route& r, const asked& what, reply then, int lookups) {
  auto begun = clock::now();
  account a{.model = r.model, .version = {}, .id = what.id};
  auto refused = [&](errc why, std::string_view message) {
    a.failure = why;
    a.message = message;
    record(a);
    then(refuse(status_of(why), message));
    return std::nullopt;
  };
  auto found = models_.find(r.model, r.version);
  if (!found) {
    if (found.error().code == errc::unavailable)
      a.version = 0; // it is in the repository, and no version of it is ready
    return refused(found.error().code, found.error().message);
  }
  const auto& m = *found;
  a.version = m->version;
  if (draining_)
    return refused(errc::unavailable, "the server is shutting down");
  auto devices = runtime_.devices().size();
  auto call = decode_infer(what.body, *m->what, devices, next_device_, what.json_size);
  if (!call)
    return refused(call.error().code, call.error().message);
  if (call->id)
    a.id = *call->id;
  if (auto good = m->check(call->request.inputs); !good)
    return refused(good.error().code, good.error().message);
  call->request.model = m->id;
  if (!call->request.steps.empty())
    next_device_ = (next_device_ + 1) % static_cast<std::uint32_t>(devices);
  auto id = runtime_.submit(std::move(call->request));
  auto decoded = clock::now() - begun;
  if (!id && id.error().code == errc::not_found && lookups > 1)
    return infer(r, what, std::move(then), lookups - 1); // it was replaced while the body was decoded
  if (!id) {
    statistics_[{r.model, m->version}].failed(decoded);
    return refused(id.error().code, id.error().message);
  }
  auto own = call->id.value_or(std::string{what.id});
  open_.emplace(*id, open_call{std::move(*call), m, std::move(then), begun, decoded, std::move(own)});
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
  if (d.failure != errc::none)
    return failed(c, d, d.failure, d.message.empty() ? to_string(d.failure) : d.message);
  auto begun = clock::now();
  auto encoded = encode_answer(c.call, d, m, c.model->version, runtime_.devices(), c.model->labels);
  if (!encoded)
    return failed(c, d, encoded.error().code, encoded.error().message);
  auto ended = clock::now();
  phase_times t{.total = ended - c.begun,
                .queue = d.queued,
                .compute_input = c.decoding,
                .compute_infer = d.computing,
                .compute_output = ended - begun};
  const auto& first = m.values()[m.outputs().front()];
  auto rows = first.batch_axis && !d.outputs.empty() ? d.outputs.front().shape()[*first.batch_axis] : 1;
  statistics_[{m.name(), c.model->version}].succeeded(rows, t);
  record({.model = m.name(),
          .version = c.model->version,
          .id = c.id,
          .result = &d,
          .rows = static_cast<std::uint64_t>(rows)});
  answer a{.body = std::move(encoded->body), .json_size = encoded->json_size};
  if (a.json_size)
    a.content_type = "application/octet-stream";
  return a;
}

answer service::failed(const open_call& c, const actors::done& d, errc code, std::string_view message) {
  const auto& name = c.model->what->name();
  statistics_[{name, c.model->version}].failed(clock::now() - c.begun);
  record({.model = name, .version = c.model->version, .id = c.id, .failure = code, .message = message, .result = &d});
  return refuse(status_of(code), message);
}

answer service::get(const route& r, std::string_view body) {
  switch (r.what) {
  case endpoint::server_metadata: return server_metadata();
  case endpoint::live: return {200, R"({"live":true})", {}};
  // The protocol wants a 4xx for "no".
  case endpoint::ready: return ready() ? answer{200, R"({"ready":true})", {}} : answer{400, R"({"ready":false})", {}};
  case endpoint::index: return index(body);
  case endpoint::baton_stats: return stats();
  case endpoint::model_stats:
    if (r.model.empty())
      return all_stats();
    break;
  case endpoint::metrics: return {.body = metrics_.text(runtime_), .content_type = metrics_content_type};
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
