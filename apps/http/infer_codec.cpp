#include "apps/http/infer_codec.hpp"

#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/device_time.hpp"
#include "apps/http/json_tensor.hpp"
#include "apps/layer_names.hpp"

namespace baton::apps::http {

namespace {

using json = nlohmann::json;

auto bad(std::string message) {
  return fail(errc::bad_request, std::move(message));
}

expected<void> read_inputs(split_body& body, const metadata::model& m, infer_call& call) {
  const auto* inputs = member(body.document, "inputs");
  if (!inputs || !inputs->is_array())
    return bad("the body has no \"inputs\" that is an array");
  call.request.inputs.resize(m.inputs().size());
  std::vector<bool> given(m.inputs().size());
  for (std::size_t i = 0; i < inputs->size(); ++i) {
    auto t = read_tensor(body, (*inputs)[i], i, "inputs");
    if (!t)
      return tl::unexpected(t.error());
    auto place = place_of(m, m.inputs(), t->name);
    if (!place)
      return bad(fmt::format("model '{}' has no input {}, its inputs are {}", m.name(), in_quotes(t->name),
                             names_of(m, m.inputs())));
    if (given[*place])
      return bad(fmt::format("input {} is there twice", in_quotes(t->name)));
    given[*place] = true;
    call.request.inputs[*place] = std::move(t->value);
  }
  for (std::size_t i = 0; i < given.size(); ++i)
    if (!given[i])
      return bad(fmt::format("input '{}' of model '{}' is missing", m.values()[m.inputs()[i]].name, m.name()));
  return {};
}

expected<void> read_outputs(const json& document, const metadata::model& m, infer_call& call) {
  const auto* outputs = member(document, "outputs");
  if (outputs && !outputs->is_array())
    return bad("\"outputs\" is not an array");
  if (!outputs || outputs->empty()) {
    for (std::size_t i = 0; i < m.outputs().size(); ++i)
      call.outputs.push_back(i);
    return {};
  }
  if (outputs->size() > m.outputs().size())
    return bad(
        fmt::format("{} outputs are asked for, model '{}' has {}", outputs->size(), m.name(), m.outputs().size()));
  for (std::size_t i = 0; i < outputs->size(); ++i) {
    auto name = name_in((*outputs)[i], fmt::format("outputs[{}]", i));
    if (!name)
      return tl::unexpected(name.error());
    if (asks_binary((*outputs)[i]))
      return bad(fmt::format("output {}: binary tensors are not supported", in_quotes(*name)));
    auto place = place_of(m, m.outputs(), *name);
    if (!place)
      return bad(fmt::format("model '{}' has no output {}, its outputs are {}", m.name(), in_quotes(*name),
                             names_of(m, m.outputs())));
    call.outputs.push_back(*place);
  }
  return {};
}

/// A whole number among the parameters, within [low, high].
expected<std::optional<std::int64_t>> whole_in(const json& parameters, const char* key, std::int64_t low,
                                               std::int64_t high) {
  const auto* p = member(parameters, key);
  if (!p)
    return std::nullopt;
  bool fits = p->is_number_integer()
              && (!p->is_number_unsigned() || p->get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX));
  if (!fits || p->get<std::int64_t>() < low || p->get<std::int64_t>() > high)
    return bad(fmt::format("parameter \"{}\" is not a whole number from {} to {}", key, low, high));
  return p->get<std::int64_t>();
}

expected<void> read_move(const json& parameters, const metadata::model& m, std::size_t devices, std::uint32_t fallback,
                         infer_call& call) {
  const auto* after = member(parameters, "move_after");
  auto last = static_cast<std::int64_t>(devices) - 1;
  auto to = whole_in(parameters, "move_to", 0, last);
  if (!to)
    return tl::unexpected(to.error());
  if (!after)
    return *to ? bad("parameter \"move_to\" goes with \"move_after\" only") : expected<void>{};
  if (!after->is_string() && !after->is_number_unsigned())
    return bad("parameter \"move_after\" is neither a layer's name nor its number");
  auto layer = find_layer(m, after->is_string() ? after->get<std::string>() : after->dump());
  if (!layer)
    return bad(layer.error().message);
  if (devices < 2)
    return bad("parameter \"move_after\" needs two devices, this server has one");
  if (call.request.pinned == metadata::no_device)
    call.request.pinned = metadata::device_id{fallback};
  auto next = (call.request.pinned.value + 1) % static_cast<std::uint32_t>(devices);
  auto target = metadata::device_id{*to ? static_cast<std::uint32_t>(**to) : next};
  if (target == call.request.pinned)
    return bad("parameter \"move_to\" is the device where the request begins");
  call.request.steps.push_back({scheduling::order::kind::hand_off, {*layer + 1, 0}, target});
  return {};
}

expected<void> read_parameters(const json& document, const metadata::model& m, std::size_t devices,
                               std::uint32_t fallback, infer_call& call) {
  static const json nothing = json::object();
  const auto* given = member(document, "parameters");
  const auto& parameters = given ? *given : nothing;
  if (!parameters.is_object())
    return bad("\"parameters\" is not an object");
  if (asks_binary(document))
    return bad("binary tensors are not supported");
  auto priority = whole_in(parameters, "priority", INT32_MIN, INT32_MAX);
  if (!priority)
    return tl::unexpected(priority.error());
  call.request.priority = static_cast<std::int32_t>(priority->value_or(0));
  auto longest = std::chrono::microseconds(defaults::longest_request_timeout).count();
  auto timeout = whole_in(parameters, "timeout", 1, longest);
  if (!timeout)
    return tl::unexpected(timeout.error());
  call.request.timeout =
      std::chrono::microseconds(timeout->value_or(std::chrono::microseconds(defaults::request_timeout).count()));
  auto device = whole_in(parameters, "device", 0, static_cast<std::int64_t>(devices) - 1);
  if (!device)
    return tl::unexpected(device.error());
  if (*device)
    call.request.pinned = metadata::device_id{static_cast<std::uint32_t>(**device)};
  return read_move(parameters, m, devices, fallback, call);
}

} // namespace

expected<infer_call> decode_infer(std::string_view text, const metadata::model& m, std::size_t devices,
                                  std::uint32_t fallback_device) {
  auto body = split(text, "inputs");
  if (!body)
    return tl::unexpected(body.error());
  if (!body->document.is_object())
    return bad("the body is not a JSON object");
  infer_call call;
  if (const auto* id = member(body->document, "id")) {
    if (!id->is_string())
      return bad("\"id\" is not a string");
    call.id = id->get<std::string>();
  }
  if (auto read = read_inputs(*body, m, call); !read)
    return tl::unexpected(read.error());
  if (auto read = read_outputs(body->document, m, call); !read)
    return tl::unexpected(read.error());
  if (auto read = read_parameters(body->document, m, devices, fallback_device, call); !read)
    return tl::unexpected(read.error());
  return call;
}

expected<std::string> encode_answer(const infer_call& call, const actors::done& result, const metadata::model& m,
                                    std::int64_t version, std::span<const gpu::device_description> devices) {
  auto out = fmt::format(R"({{"model_name":{},"model_version":"{}")", quote_json(m.name()), version);
  if (call.id)
    out += ",\"id\":" + quote_json(*call.id);
  out += fmt::format(R"(,"parameters":{{"attempts":{},"busy_us":{})", result.attempts,
                     std::chrono::duration_cast<std::chrono::microseconds>(device_time(result)).count());
  if (result.device.value < devices.size())
    out += fmt::format(R"(,"device":{},"device_name":{})", result.device.value,
                       quote_json(devices[result.device.value].name));
  out += R"(},"outputs":[)";
  for (std::size_t i = 0; i < call.outputs.size(); ++i) {
    const auto& name = m.values()[m.outputs()[call.outputs[i]]].name;
    const auto& t = result.outputs.at(call.outputs[i]);
    if (i > 0)
      out += ',';
    append_tensor_head(out, name, t.type(), t.shape());
    if (!append_numbers(out, t))
      return fail(errc::internal, fmt::format("output '{}' holds NaN or infinity, which JSON cannot carry", name));
    out += '}';
  }
  out += "]}";
  return out;
}

expected<std::string> encode_inputs(std::span<const named_tensor> inputs) {
  std::string out = "\"inputs\":[";
  for (const auto& t : inputs) {
    if (out.back() == '}')
      out += ',';
    append_tensor_head(out, t.name, t.value.type(), t.value.shape());
    if (!append_numbers(out, t.value))
      return fail(errc::bad_argument, fmt::format("input '{}' holds NaN or infinity, which JSON cannot carry", t.name));
    out += '}';
  }
  out += ']';
  return out;
}

expected<infer_reply> decode_answer(std::string_view text) {
  auto body = split(text, "outputs");
  if (!body)
    return tl::unexpected(body.error());
  const auto* outputs = body->document.is_object() ? member(body->document, "outputs") : nullptr;
  if (!outputs || !outputs->is_array())
    return bad("the answer has no \"outputs\"");
  infer_reply reply;
  for (std::size_t i = 0; i < outputs->size(); ++i) {
    auto t = read_tensor(*body, (*outputs)[i], i, "outputs");
    if (!t)
      return tl::unexpected(t.error());
    reply.outputs.push_back(std::move(*t));
  }
  if (const auto* p = member(body->document, "parameters"); p && p->is_object())
    if (const auto* device = member(*p, "device"); device && device->is_number_unsigned())
      reply.device = device->get<std::uint32_t>();
  return reply;
}

} // namespace baton::apps::http
