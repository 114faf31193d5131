#include "apps/bench_mix.hpp"

#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "apps/run_inputs.hpp"
#include "metadata/npy.hpp"
#include "metadata/numeric.hpp"

namespace baton::apps {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// Numbers of a stream, with their bounds.
template <class T>
T number_in(const json& stream, const char* key, T otherwise, T low, T high) {
  auto it = stream.find(key);
  if (it == stream.end())
    return otherwise;
  auto fits = std::is_integral_v<T> ? it->is_number_integer() : it->is_number();
  if (!fits || it->get<T>() < low || it->get<T>() > high)
    throw std::invalid_argument(fmt::format("\"{}\" is not a number from {} to {}", key, low, high));
  return it->get<T>();
}

metadata::tensor tensor_in(const fs::path& folder, const json& file) {
  auto t = metadata::read_npy(folder / file.get<std::string>());
  if (!t)
    throw std::invalid_argument(t.error().message);
  // NumPy's other types become what models and labels mostly are.
  if (t->type() == metadata::element_type::float64)
    return metadata::converted(*t, metadata::element_type::float32);
  if (t->type() == metadata::element_type::int32 || t->type() == metadata::element_type::uint8)
    return metadata::converted(*t, metadata::element_type::int64);
  return std::move(*t);
}

stream_spec read_stream(const json& stream, const fs::path& folder) {
  stream_spec s;
  s.model = stream.at("model").get<std::string>();
  s.name = stream.value("name", s.model);
  s.output = stream.value("output", "");
  for (const auto& [name, file] : stream.at("inputs").items())
    s.inputs.push_back({name, tensor_in(folder, file)});
  if (stream.contains("labels"))
    s.labels = tensor_in(folder, stream["labels"]);
  if (auto check = stream.value("check", ""); check == "undisturbed")
    s.check_undisturbed = true;
  else if (!check.empty())
    throw std::invalid_argument(fmt::format("\"check\" is '{}', only 'undisturbed' is known", check));
  s.concurrency = number_in<std::size_t>(stream, "concurrency", 1, 1, 1024);
  s.rate = number_in<double>(stream, "rate", 0, 0, 1e6);
  s.priority = number_in<std::int32_t>(stream, "priority", 0, -1'000'000, 1'000'000);
  s.batch = number_in<std::int64_t>(stream, "batch", 1, 1, 65536);
  s.move_fraction = number_in<double>(stream, "move_fraction", 0, 0, 1);
  return s;
}

/// Samples of a stream; all tensors have as many rows.
expected<std::size_t> count_rows(const stream_spec& s) {
  std::optional<std::int64_t> rows;
  auto look = [&](const metadata::tensor& t) {
    bool fits = !t.shape().empty() && (!rows || *rows == t.shape()[0]);
    if (fits)
      rows = t.shape()[0];
    return fits;
  };
  for (const auto& i : s.inputs)
    if (!look(i.value))
      return fail(errc::bad_argument,
                  fmt::format("stream '{}': input '{}' has another count of samples than the others", s.name, i.name));
  if (s.labels
      && (!look(*s.labels) || s.labels->shape().size() != 1 || s.labels->type() != metadata::element_type::int64))
    return fail(errc::bad_argument, fmt::format("stream '{}': the labels are not one whole number per sample", s.name));
  if (!rows || *rows < s.batch)
    return fail(errc::bad_argument, fmt::format("stream '{}': no {} samples to make a request of", s.name, s.batch));
  return static_cast<std::size_t>(*rows);
}

expected<void> run_alone(workload& w, http::client& server) {
  auto target = fmt::format("/v2/models/{}/infer", w.spec.model);
  for (std::size_t i = 0; i < w.inputs.size(); ++i) {
    auto r = server.call(boost::beast::http::verb::post, target, w.body(i, std::nullopt));
    if (!r)
      return fail(r.error().code, fmt::format("stream '{}': {}", w.spec.name, r.error().message));
    if (r->status != 200)
      return fail(errc::io, fmt::format("stream '{}': status {}: {}", w.spec.name, r->status, r->body.substr(0, 300)));
    auto reply = http::decode_answer(r->body);
    if (!reply)
      return fail(errc::io, fmt::format("stream '{}': {}", w.spec.name, reply.error().message));
    w.expected.push_back(std::move(reply->outputs));
  }
  return {};
}

} // namespace

expected<std::vector<stream_spec>> read_mix(const fs::path& file) {
  std::ifstream in{file};
  if (!in)
    return fail(errc::io, fmt::format("mix '{}' cannot be opened", file.string()));
  std::vector<stream_spec> streams;
  try {
    auto mix = json::parse(in);
    for (const auto& stream : mix.at("streams")) {
      try {
        streams.push_back(read_stream(stream, file.parent_path()));
      } catch (const std::exception& e) {
        return fail(errc::bad_argument,
                    fmt::format("mix '{}', stream {}: {}", file.string(), streams.size(), e.what()));
      }
    }
  } catch (const json::exception& e) {
    return fail(errc::bad_argument, fmt::format("mix '{}': {}", file.string(), e.what()));
  } catch (const std::ios_base::failure&) { // a folder, for one
    return fail(errc::io, fmt::format("mix '{}' cannot be read", file.string()));
  }
  if (streams.empty())
    return fail(errc::bad_argument, fmt::format("mix '{}' has no streams", file.string()));
  return streams;
}

http::http_content workload::body(std::size_t w, std::optional<std::pair<std::size_t, std::size_t>> move) const {
  auto steering = move ? fmt::format(R"(,"device":{},"move_after":{})", move->first, move->second) : std::string{};
  http::http_content made{
      fmt::format(R"({{"parameters":{{"priority":{}{}}},{}}})", spec.priority, steering, inputs[w].json)};
  made.json_size = made.body.size();
  made.body += inputs[w].bytes;
  return made;
}

expected<workload> prepare(stream_spec spec, http::client& server) {
  workload w;
  w.spec = std::move(spec);
  auto rows = count_rows(w.spec);
  if (!rows)
    return tl::unexpected(rows.error());
  for (std::int64_t first = 0; first + w.spec.batch <= static_cast<std::int64_t>(*rows); first += w.spec.batch) {
    std::vector<http::named_tensor> window;
    for (const auto& i : w.spec.inputs)
      window.push_back({i.name, rows_of(i.value, first, w.spec.batch)});
    auto encoded = http::encode_inputs(window);
    if (!encoded)
      return fail(errc::bad_argument, fmt::format("stream '{}': {}", w.spec.name, encoded.error().message));
    w.inputs.push_back(std::move(*encoded));
  }
  auto model = server.get("/v2/baton/models/" + w.spec.model);
  if (!model)
    return fail(model.error().code, fmt::format("stream '{}': {}", w.spec.name, model.error().message));
  auto stats = server.get("/v2/baton/stats");
  if (!stats)
    return tl::unexpected(stats.error());
  try {
    w.layers = json::parse(*model).at("layers").size();
    w.devices = json::parse(*stats).at("devices").size();
  } catch (const json::exception& e) {
    return fail(errc::io, fmt::format("the server is no baton: {}", e.what()));
  }
  if (w.spec.move_fraction > 0 && (w.devices < 2 || w.layers < 2))
    return fail(errc::bad_argument,
                fmt::format("stream '{}': \"move_fraction\" needs two devices and two layers, there are {} "
                            "and {}",
                            w.spec.name, w.devices, w.layers));
  if (w.spec.check_undisturbed)
    if (auto ran = run_alone(w, server); !ran)
      return tl::unexpected(ran.error());
  return w;
}

} // namespace baton::apps
