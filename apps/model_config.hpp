#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/runtime.hpp"
#include "metadata/model.hpp"

namespace baton::apps {

/// One input or output as a `config.pbtxt` describes it.
struct tensor_config {
  std::string name;
  std::optional<metadata::element_type> type; ///< nothing: not said
  std::vector<std::int64_t> dims;             ///< -1: any; without the batch where `model_config::max_batch` is set
  bool reshaped = false;                      ///< `dims` are not the model's own: not checked
  std::string label_file;                     ///< outputs: relative to the model's folder; empty: none
};

/// A shape to prepare before the model counts as ready.
struct warmup_config {
  std::string name;
  std::int64_t batch = 1;
  std::map<std::string, std::vector<std::int64_t>> inputs; ///< dims by input, as in `tensor_config`
};

/// Which of the version folders are served.
struct version_policy {
  enum class kind : std::uint8_t { latest, all, specific };
  kind what = kind::latest;
  std::uint32_t latest = 1; ///< how many
  std::vector<std::int64_t> specific;

  /// The versions chosen of those there are (ascending), ascending.
  std::vector<std::int64_t> choose(const std::vector<std::int64_t>& there) const;
};

/// What is read of a Triton-style `config.pbtxt`.
struct model_config {
  std::string name; ///< empty: not said
  std::string platform, backend;
  std::optional<std::int64_t> max_batch; ///< rows of a request; set: the first axis of every tensor is the batch
  std::vector<tensor_config> inputs, outputs;
  version_policy versions;
  std::vector<warmup_config> warmups;
  std::string file;                            ///< in the version folder; empty: model.onnx or model.json
  std::optional<std::uint64_t> queue_delay_us; ///< of dynamic batching: kept and reported, batches are not formed yet
  std::vector<std::int64_t> preferred_batches; ///< likewise
  std::vector<std::string> warnings;           ///< one sentence per field that is not honoured
};

/// Errors: `bad_model`, one sentence with line and column where there is one. Pure, for any text.
expected<model_config> parse_model_config(std::string_view text);

/// Whether the model is what the configuration says: names, types and dims of inputs and outputs.
/// Errors: `bad_model` naming what differs.
expected<void> check_model(const model_config& c, const metadata::model& m);

/// The symbol values of the warm-ups. Errors: `bad_model` naming the warm-up that does not fit the model.
expected<std::vector<metadata::symbol_values>> warmup_shapes(const model_config& c, const metadata::model& m);

/// Whether a request keeps to what the configuration promises: batch size and fixed dims.
/// Errors: `bad_request` naming what does not. @pre `check_model` was content; `inputs` are in the model's order.
expected<void> check_request(const model_config& c, const metadata::model& m,
                             const std::vector<metadata::tensor>& inputs);

} // namespace baton::apps
