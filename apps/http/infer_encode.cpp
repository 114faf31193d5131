#include <iterator>

#include <fmt/compile.h>
#include <fmt/format.h>

#include "apps/http/classification.hpp"
#include "apps/http/infer_codec.hpp"

/// Tensors into bodies: the server's answers, the client's inputs.
namespace baton::apps::http {

namespace {

/// Writes outputs: JSON here, bytes for behind it there.
struct answer_writer {
  std::string json;
  std::string bytes;

  void binary_size(std::size_t size) {
    fmt::format_to(std::back_inserter(json), FMT_COMPILE(R"(,"parameters":{{"binary_data_size":{}}}}})"), size);
  }

  bool values(const std::string& name, const metadata::tensor& t, bool binary) {
    append_tensor_head(json, name, metadata::to_string(t.type()), t.shape());
    if (binary) {
      binary_size(t.bytes());
      bytes.append(reinterpret_cast<const char*>(t.data()), t.bytes());
      return true;
    }
    json += ",\"data\":";
    bool finite = append_elements(json, t);
    json += '}';
    return finite;
  }

  void texts(const std::string& name, const classes& c, bool binary) {
    append_tensor_head(json, name, "BYTES", c.shape);
    if (binary) {
      auto before = bytes.size();
      for (const auto& text : c.texts) {
        for (unsigned shift = 0; shift < 32; shift += 8)
          bytes += static_cast<char>((text.size() >> shift) & 0xffU);
        bytes += text;
      }
      return binary_size(bytes.size() - before);
    }
    json += ",\"data\":[";
    for (std::size_t i = 0; i < c.texts.size(); ++i) {
      if (i > 0)
        json += ',';
      append_quoted(json, c.texts[i]);
    }
    json += "]}";
  }
};

void append_answer_head(std::string& out, const infer_call& call, const actors::done& result, const metadata::model& m,
                        std::int64_t version, std::span<const gpu::device_description> devices) {
  out += R"({"model_name":)";
  append_quoted(out, m.name());
  auto more = std::back_inserter(out);
  fmt::format_to(more, FMT_COMPILE(R"(,"model_version":"{}")"), version);
  if (call.id) {
    out += ",\"id\":";
    append_quoted(out, *call.id);
  }
  fmt::format_to(more, FMT_COMPILE(R"(,"parameters":{{"attempts":{},"busy_us":{},"preemptions":{},"moves":{})"),
                 result.attempts, std::chrono::duration_cast<std::chrono::microseconds>(result.computing).count(),
                 result.preemptions, result.moves);
  if (result.device.value < devices.size()) {
    fmt::format_to(more, FMT_COMPILE(R"(,"device":{},"device_name":)"), result.device.value);
    append_quoted(out, devices[result.device.value].name);
  }
  out += R"(},"outputs":[)";
}

} // namespace

expected<encoded_answer> encode_answer(const infer_call& call, const actors::done& result, const metadata::model& m,
                                       std::int64_t version, std::span<const gpu::device_description> devices,
                                       const output_labels& labels) {
  answer_writer out;
  out.json.reserve(512);
  append_answer_head(out.json, call, result, m, version, devices);
  bool binary = false;
  for (std::size_t i = 0; i < call.outputs.size(); ++i) {
    const auto& wanted = call.outputs[i];
    const auto& value = m.values()[m.outputs()[wanted.place]];
    const auto& t = result.outputs.at(wanted.place);
    if (i > 0)
      out.json += ',';
    binary = binary || wanted.binary;
    if (wanted.classes > 0) {
      std::span<const std::string> names;
      if (wanted.place < labels.size())
        names = labels[wanted.place];
      auto best = classify(t, value.name, wanted.classes, value.batch_axis == 0U, names);
      if (!best)
        return tl::unexpected(best.error());
      out.texts(value.name, *best, wanted.binary);
    } else if (!out.values(value.name, t, wanted.binary)) {
      return fail(
          errc::bad_request,
          fmt::format("output '{}' holds NaN or infinity, which JSON cannot carry: ask for binary data", value.name));
    }
  }
  out.json += "]}";
  encoded_answer a;
  if (binary)
    a.json_size = out.json.size();
  a.body = std::move(out.json);
  a.body += out.bytes;
  return a;
}

expected<encoded_inputs> encode_inputs(std::span<const named_tensor> inputs, bool as_text) {
  answer_writer out;
  out.json = "\"inputs\":[";
  for (const auto& t : inputs) {
    if (out.json.back() == '}')
      out.json += ',';
    if (!out.values(t.name, t.value, !as_text))
      return fail(errc::bad_argument, fmt::format("input '{}' holds NaN or infinity, which JSON cannot carry", t.name));
  }
  out.json += ']';
  return encoded_inputs{std::move(out.json), std::move(out.bytes)};
}

} // namespace baton::apps::http
