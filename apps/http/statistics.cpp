#include "apps/http/statistics.hpp"

#include <chrono>

#include <nlohmann/json.hpp>

#include "apps/defaults.hpp"

namespace baton::apps::http {

namespace {

std::int64_t now_ms() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

} // namespace

void model_statistics::succeeded(std::int64_t rows, const phase_times& t) {
  last_ms_ = now_ms();
  inferences_ += static_cast<std::uint64_t>(rows);
  success_.add(t.total);
  queue_.add(t.queue);
  input_.add(t.compute_input);
  infer_.add(t.compute_infer);
  output_.add(t.compute_output);
  auto it = batches_.find(rows);
  if (it == batches_.end() && batches_.size() < defaults::counted_batch_sizes)
    it = batches_.try_emplace(rows).first;
  if (it == batches_.end())
    return;
  it->second.input.add(t.compute_input);
  it->second.infer.add(t.compute_infer);
  it->second.output.add(t.compute_output);
}

void model_statistics::failed(metadata::duration total) {
  last_ms_ = now_ms();
  fail_.add(total);
}

nlohmann::ordered_json model_statistics::sum::to_json() const {
  return {{"count", count}, {"ns", time.count()}};
}

nlohmann::ordered_json model_statistics::to_json(const std::string& name, std::int64_t version) const {
  using json = nlohmann::ordered_json;
  auto batches = json::array();
  for (const auto& [size, b] : batches_)
    batches.push_back({{"batch_size", size},
                       {"compute_input", b.input.to_json()},
                       {"compute_infer", b.infer.to_json()},
                       {"compute_output", b.output.to_json()}});
  json stats{{"success", success_.to_json()},     {"fail", fail_.to_json()},
             {"queue", queue_.to_json()},         {"compute_input", input_.to_json()},
             {"compute_infer", infer_.to_json()}, {"compute_output", output_.to_json()},
             {"cache_hit", sum{}.to_json()},      {"cache_miss", sum{}.to_json()}};
  return {{"name", name},
          {"version", std::to_string(version)},
          {"last_inference", last_ms_},
          {"inference_count", inferences_},
          {"execution_count", success_.count},
          {"inference_stats", std::move(stats)},
          {"batch_stats", std::move(batches)},
          {"memory_usage", json::array()}};
}

} // namespace baton::apps::http
