#include "apps/http/infer_codec.hpp"

#include <fmt/format.h>

#include "apps/layer_names.hpp"

namespace baton::apps::http {

namespace {

auto bad(std::string message) {
  return fail(errc::bad_request, std::move(message));
}

expected<void> read_inputs(const json_body& body, const metadata::model& m, binary_part& bytes, infer_call& call) {
  if (!body.inputs)
    return bad("the body has no \"inputs\" that is an array");
  call.request.inputs.resize(m.inputs().size());
  std::vector<bool> given(m.inputs().size());
  for (std::size_t i = 0; i < body.inputs->size(); ++i) {
    const auto& entry = (*body.inputs)[i];
    auto name = name_of(entry, i, "inputs");
    if (!name)
      return tl::unexpected(name.error());
    auto place = place_of(m, m.inputs(), *name);
    if (!place)
      return bad(fmt::format("model '{}' has no input {}, its inputs are {}", m.name(), in_quotes(*name),
                             names_of(m, m.inputs())));
    if (given[*place])
      return bad(fmt::format("input {} is there twice", in_quotes(*name)));
    auto t = read_tensor(entry, *name, bytes);
    if (!t)
      return tl::unexpected(t.error());
    given[*place] = true;
    call.request.inputs[*place] = std::move(*t);
  }
  for (std::size_t i = 0; i < given.size(); ++i)
    if (!given[i])
      return bad(fmt::format("input '{}' of model '{}' is missing", m.values()[m.inputs()[i]].name, m.name()));
  if (bytes.left() > 0)
    return bad(fmt::format("{} bytes of binary data behind the last tensor belong to none", bytes.left()));
  return {};
}

expected<wanted_output> read_output(const tensor_entry& entry, std::size_t index, bool binary,
                                    const metadata::model& m) {
  auto name = name_of(entry, index, "outputs");
  if (!name)
    return tl::unexpected(name.error());
  auto place = place_of(m, m.outputs(), *name);
  if (!place)
    return bad(fmt::format("model '{}' has no output {}, its outputs are {}", m.name(), in_quotes(*name),
                           names_of(m, m.outputs())));
  if (find(entry.given, "shared_memory_region"))
    return bad(fmt::format("output '{}': shared memory is not supported", *name));
  wanted_output out{*place, binary};
  if (const auto* p = find(entry.given, "binary_data")) {
    const auto* b = std::get_if<bool>(&p->value);
    if (!b)
      return bad(fmt::format("output '{}': \"binary_data\" is neither true nor false", *name));
    out.binary = *b;
  }
  if (const auto* p = find(entry.given, "classification")) {
    const auto* n = std::get_if<std::int64_t>(&p->value);
    if (!n || *n < 0)
      return bad(fmt::format("output '{}': \"classification\" is not a number of classes", *name));
    out.classes = static_cast<std::size_t>(*n);
  }
  return out;
}

expected<void> read_outputs(const json_body& body, const metadata::model& m, infer_call& call) {
  auto binary = flag(body.given, "binary_data_output");
  if (!body.outputs || body.outputs->empty()) {
    for (std::size_t i = 0; i < m.outputs().size(); ++i)
      call.outputs.push_back({i, binary});
    return {};
  }
  if (body.outputs->size() > m.outputs().size())
    return bad(
        fmt::format("{} outputs are asked for, model '{}' has {}", body.outputs->size(), m.name(), m.outputs().size()));
  for (std::size_t i = 0; i < body.outputs->size(); ++i) {
    auto out = read_output((*body.outputs)[i], i, binary, m);
    if (!out)
      return tl::unexpected(out.error());
    call.outputs.push_back(*out);
  }
  return {};
}

/// A body that is nothing but the bytes of the only input: its extents are the model's, and the bytes say the batch.
expected<infer_call> decode_raw(std::string_view bytes, const metadata::model& m) {
  if (m.inputs().size() != 1)
    return bad(
        fmt::format("a body without JSON is for models of one input, model '{}' has {}", m.name(), m.inputs().size()));
  const auto& value = m.values()[m.inputs()[0]];
  std::vector<std::int64_t> shape;
  std::optional<std::size_t> open;
  auto row = metadata::size_of(value.type);
  for (const auto& d : value.shape) {
    auto extent = d.constant();
    if (!extent && open)
      return bad(fmt::format("a body without JSON cannot say the shape of input '{}'", value.name));
    if (!extent)
      open = shape.size();
    shape.push_back(extent.value_or(1));
    row *= static_cast<std::size_t>(extent.value_or(1));
  }
  if (open && row > 0)
    shape[*open] = static_cast<std::int64_t>(bytes.size() / row);
  auto t = from_bytes(bytes, value.name, value.type, std::move(shape));
  if (!t)
    return tl::unexpected(t.error());
  infer_call call;
  call.request.inputs.push_back(std::move(*t));
  for (std::size_t i = 0; i < m.outputs().size(); ++i)
    call.outputs.push_back({i, true});
  return call;
}

} // namespace

expected<infer_call> decode_infer(std::string_view text, const metadata::model& m, std::size_t devices,
                                  std::uint32_t fallback_device, std::optional<std::size_t> json_size) {
  if (json_size && *json_size > text.size())
    return bad(
        fmt::format("Inference-Header-Content-Length is {}, but the body has {} bytes", *json_size, text.size()));
  if (json_size && *json_size == 0) {
    auto call = decode_raw(text, m);
    if (!call)
      return call;
    if (auto read = read_parameters({}, m, devices, fallback_device, *call); !read)
      return tl::unexpected(read.error());
    return call;
  }
  auto body = read_body(text.substr(0, json_size.value_or(text.size())), "inputs");
  if (!body)
    return tl::unexpected(body.error());
  binary_part bytes{text.substr(json_size.value_or(text.size()))};
  infer_call call;
  call.id = std::move(body->id);
  if (auto read = read_inputs(*body, m, bytes, call); !read)
    return tl::unexpected(read.error());
  if (auto read = read_outputs(*body, m, call); !read)
    return tl::unexpected(read.error());
  if (auto read = read_parameters(body->given, m, devices, fallback_device, call); !read)
    return tl::unexpected(read.error());
  return call;
}

expected<infer_reply> decode_answer(std::string_view text, std::optional<std::size_t> json_size) {
  auto size = std::min(json_size.value_or(text.size()), text.size());
  auto body = read_body(text.substr(0, size), "outputs");
  if (!body)
    return tl::unexpected(body.error());
  if (!body->outputs)
    return bad("the answer has no \"outputs\"");
  binary_part bytes{text.substr(size)};
  infer_reply reply;
  for (std::size_t i = 0; i < body->outputs->size(); ++i) {
    const auto& entry = (*body->outputs)[i];
    auto name = name_of(entry, i, "outputs");
    if (!name)
      return tl::unexpected(name.error());
    auto t = read_tensor(entry, *name, bytes);
    if (!t)
      return tl::unexpected(t.error());
    reply.outputs.push_back({std::move(*name), std::move(*t)});
  }
  auto number = [&](const char* key) -> std::optional<std::uint32_t> {
    const auto* p = find(body->given, key);
    const auto* n = p ? std::get_if<std::int64_t>(&p->value) : nullptr;
    return n && *n >= 0 ? std::optional{static_cast<std::uint32_t>(*n)} : std::nullopt;
  };
  reply.device = number("device");
  reply.preemptions = number("preemptions").value_or(0);
  reply.moves = number("moves").value_or(0);
  return reply;
}

} // namespace baton::apps::http
