#include "apps/model_config.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include "apps/defaults.hpp"
#include "apps/proto/model_config.pb.h"

namespace baton::apps {

namespace {

namespace pb = google::protobuf;

/// Takes the first error, and from the warnings the fields that the schema does not have.
class listener final : public pb::io::ErrorCollector {
public:
  void AddError(int line, int column, const std::string& message) override {
    if (problem.empty())
      problem = line < 0 ? message : fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  void AddWarning(int line, int, const std::string& message) override {
    constexpr std::string_view marker = "has no field named \"";
    auto at = message.find(marker);
    if (at == std::string::npos || unknown.size() >= defaults::config_warnings)
      return;
    auto name = message.substr(at + marker.size());
    unknown.push_back(fmt::format("line {}: field '{}' is not honoured", line + 1, name.substr(0, name.find('"'))));
  }
  std::string problem;
  std::vector<std::string> unknown;
};

/// Fields of the schema that have an effect; the rest is named in a warning. Where a message is not here, all in it is.
constexpr std::array honoured{"ModelConfig.name",
                              "ModelConfig.platform",
                              "ModelConfig.backend",
                              "ModelConfig.version_policy",
                              "ModelConfig.max_batch_size",
                              "ModelConfig.input",
                              "ModelConfig.output",
                              "ModelConfig.model_warmup",
                              "ModelConfig.default_model_filename",
                              "ModelInput.name",
                              "ModelInput.data_type",
                              "ModelInput.dims",
                              "ModelOutput.name",
                              "ModelOutput.data_type",
                              "ModelOutput.dims",
                              "ModelOutput.label_filename",
                              "ModelWarmup.name",
                              "ModelWarmup.batch_size",
                              "ModelWarmup.inputs",
                              "Input.data_type",
                              "Input.dims",
                              "Input.zero_data",
                              "Input.random_data",
                              "Latest.num_versions",
                              "Specific.versions",
                              "ModelVersionPolicy.latest",
                              "ModelVersionPolicy.all",
                              "ModelVersionPolicy.specific"};

void name_unhonoured(const pb::Message& m, const std::string& path, std::vector<std::string>& warnings) {
  std::vector<const pb::FieldDescriptor*> set;
  const auto* reflection = m.GetReflection();
  reflection->ListFields(m, &set);
  for (const auto* field : set) {
    auto inner = path + field->name();
    if (field->name() == "dynamic_batching" && m.GetDescriptor()->name() == "ModelConfig") {
      warnings.push_back("field 'dynamic_batching' is kept, but requests are not batched yet");
      continue;
    }
    auto full = m.GetDescriptor()->name() + '.' + field->name();
    if (!m.GetDescriptor()->options().map_entry()
        && std::find(honoured.begin(), honoured.end(), full) == honoured.end()) {
      auto text = fmt::format("field '{}' is not honoured", inner);
      if (std::find(warnings.begin(), warnings.end(), text) == warnings.end()
          && warnings.size() < defaults::config_warnings)
        warnings.push_back(std::move(text));
      continue;
    }
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE)
      continue;
    if (!field->is_repeated())
      name_unhonoured(reflection->GetMessage(m, field), inner + '.', warnings);
    for (int i = 0; field->is_repeated() && i < reflection->FieldSize(m, field); ++i)
      name_unhonoured(reflection->GetRepeatedMessage(m, field, i), inner + '.', warnings);
  }
}

expected<std::optional<metadata::element_type>> type_of(triton::DataType t, const std::string& who) {
  using metadata::element_type;
  switch (t) {
  case triton::TYPE_INVALID: return std::nullopt;
  case triton::TYPE_BOOL: return element_type::boolean;
  case triton::TYPE_UINT8: return element_type::uint8;
  case triton::TYPE_UINT16: return element_type::uint16;
  case triton::TYPE_UINT32: return element_type::uint32;
  case triton::TYPE_UINT64: return element_type::uint64;
  case triton::TYPE_INT8: return element_type::int8;
  case triton::TYPE_INT16: return element_type::int16;
  case triton::TYPE_INT32: return element_type::int32;
  case triton::TYPE_INT64: return element_type::int64;
  case triton::TYPE_FP16: return element_type::float16;
  case triton::TYPE_FP32: return element_type::float32;
  case triton::TYPE_FP64: return element_type::float64;
  case triton::TYPE_BF16: return element_type::bfloat16;
  default: return fail(errc::bad_model, fmt::format("{} is of a type that is not supported ({})", who, t));
  }
}

/// -1, or an extent; at most as many as a tensor may have axes.
expected<std::vector<std::int64_t>> dims_of(const pb::RepeatedField<pb::int64>& dims, const std::string& who) {
  if (static_cast<std::size_t>(dims.size()) > defaults::config_rank)
    return fail(errc::bad_model, fmt::format("{} has {} dims", who, dims.size()));
  for (auto d : dims)
    if (d < -1 || d == 0)
      return fail(errc::bad_model, fmt::format("{} has a dim of {}", who, d));
  return std::vector<std::int64_t>(dims.begin(), dims.end());
}

template <class Tensor>
expected<tensor_config> tensor_of(const Tensor& t, const char* role) {
  auto who = fmt::format("{} '{}'", role, t.name());
  auto type = type_of(t.data_type(), who);
  if (!type)
    return tl::unexpected(type.error());
  auto dims = dims_of(t.dims(), who);
  if (!dims)
    return tl::unexpected(dims.error());
  return tensor_config{t.name(), *type, std::move(*dims), t.has_reshape(), {}};
}

expected<warmup_config> warmup_of(const triton::ModelWarmup& w) {
  warmup_config result{w.name(), std::max<std::int64_t>(1, w.batch_size()), {}};
  for (const auto& [name, input] : w.inputs()) {
    auto dims = dims_of(input.dims(), fmt::format("warm-up '{}', input '{}'", w.name(), name));
    if (!dims)
      return tl::unexpected(dims.error());
    result.inputs[name] = std::move(*dims);
  }
  return result;
}

version_policy policy_of(const triton::ModelVersionPolicy& p) {
  using kind = version_policy::kind;
  if (p.has_all())
    return {kind::all, 0, {}};
  if (p.has_specific())
    return {kind::specific, 0, {p.specific().versions().begin(), p.specific().versions().end()}};
  return {kind::latest, std::max(1U, p.latest().num_versions()), {}};
}

/// A name that stays in its folder.
bool plain_name(const std::string& name) {
  return name != "." && name != ".." && name.find_first_of(std::string_view{"/\\\0", 3}) == std::string::npos;
}

expected<model_config> converted(const triton::ModelConfig& m) {
  model_config c;
  c.name = m.name();
  c.platform = m.platform();
  c.backend = m.backend();
  if ((!c.platform.empty() && c.platform != "onnxruntime_onnx" && c.platform != "baton_onnx"
       && c.platform != "baton_json")
      || (!c.backend.empty() && c.backend != "onnxruntime" && c.backend != "baton"))
    return fail(errc::bad_model,
                fmt::format("{} '{}' is not there: only ONNX and JSON models are served",
                            c.backend.empty() ? "platform" : "backend", c.backend.empty() ? c.platform : c.backend));
  if (m.max_batch_size() < 0)
    return fail(errc::bad_model, fmt::format("max_batch_size is {}", m.max_batch_size()));
  if (m.max_batch_size() > 0)
    c.max_batch = m.max_batch_size();
  c.versions = policy_of(m.version_policy());
  if (!m.default_model_filename().empty())
    c.file = m.default_model_filename();
  if (!plain_name(c.file))
    return fail(errc::bad_model, fmt::format("default_model_filename '{}' is not the name of a file", c.file));
  for (const auto& t : m.input()) {
    auto converted_input = tensor_of(t, "input");
    if (!converted_input)
      return tl::unexpected(converted_input.error());
    c.inputs.push_back(std::move(*converted_input));
  }
  for (const auto& t : m.output()) {
    auto converted_output = tensor_of(t, "output");
    if (!converted_output)
      return tl::unexpected(converted_output.error());
    converted_output->label_file = t.label_filename();
    if (!plain_name(t.label_filename()))
      return fail(errc::bad_model, fmt::format("label_filename '{}' of output '{}' is not the name of a file",
                                               t.label_filename(), t.name()));
    c.outputs.push_back(std::move(*converted_output));
  }
  if (static_cast<std::size_t>(m.model_warmup_size()) > scheduling::defaults::shapes_per_model)
    return fail(errc::bad_model, fmt::format("{} warm-ups are too many", m.model_warmup_size()));
  for (const auto& w : m.model_warmup()) {
    auto warmup = warmup_of(w);
    if (!warmup)
      return tl::unexpected(warmup.error());
    c.warmups.push_back(std::move(*warmup));
  }
  if (m.has_dynamic_batching()) {
    c.queue_delay_us = m.dynamic_batching().max_queue_delay_microseconds();
    c.preferred_batches.assign(m.dynamic_batching().preferred_batch_size().begin(),
                               m.dynamic_batching().preferred_batch_size().end());
  }
  return c;
}

/// The deepest nesting of brackets, strings and comments left aside: the parser recurses.
std::size_t nesting(std::string_view text) {
  std::size_t depth = 0, deepest = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '#') {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '"' || c == '\'') {
      for (++i; i < text.size() && text[i] != c && text[i] != '\n'; ++i)
        i += text[i] == '\\';
    } else if (c == '{' || c == '[' || c == '<') {
      deepest = std::max(deepest, ++depth);
    } else if ((c == '}' || c == ']' || c == '>') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

} // namespace

std::vector<std::int64_t> version_policy::choose(const std::vector<std::int64_t>& there) const {
  switch (what) {
  case kind::all: return there;
  case kind::latest:
    return {there.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(latest, there.size())), there.end()};
  case kind::specific: break;
  }
  std::vector<std::int64_t> chosen;
  std::copy_if(there.begin(), there.end(), std::back_inserter(chosen),
               [this](auto v) { return std::find(specific.begin(), specific.end(), v) != specific.end(); });
  return chosen;
}

expected<model_config> parse_model_config(std::string_view text) {
  if (text.size() > defaults::config_limit)
    return fail(errc::bad_model, fmt::format("it is larger than {} bytes", defaults::config_limit));
  if (nesting(text) > defaults::config_depth)
    return fail(errc::bad_model, fmt::format("it is nested deeper than {}", defaults::config_depth));
  triton::ModelConfig m;
  listener heard;
  pb::TextFormat::Parser parser;
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(static_cast<int>(defaults::config_depth));
  parser.RecordErrorsTo(&heard);
  if (!parser.ParseFromString(std::string{text}, &m))
    return fail(errc::bad_model, heard.problem.empty() ? "it cannot be read" : heard.problem);
  auto c = converted(m);
  if (c) {
    c->warnings = std::move(heard.unknown);
    name_unhonoured(m, {}, c->warnings);
  }
  return c;
}

} // namespace baton::apps
