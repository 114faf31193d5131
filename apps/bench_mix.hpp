#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/http/client.hpp"
#include "apps/http/infer_codec.hpp"

namespace baton::apps {

/// One stream of a mix, as its file says.
struct stream_spec {
  std::string name;
  std::string model;
  std::vector<http::named_tensor> inputs; ///< leading axis: samples
  std::optional<metadata::tensor> labels; ///< int64, one per sample
  std::string output;                     ///< whose largest element per row is the answer; empty: the first output
  bool check_undisturbed = false;         ///< answers must equal, bit for bit, those of a run alone
  std::size_t concurrency = 1;            ///< requests under way at once (closed loop), if `rate` is 0
  double rate = 0;                        ///< requests per second, at random times (open loop)
  std::int32_t priority = 0;
  std::int64_t batch = 1;
  double move_fraction = 0; ///< of the requests, continue on another device behind a random layer
};

/// Reads a mix: {"streams": [{"name", "model", "inputs": {"NAME": "file.npy"}, ...}]}; files are relative to the mix.
/// Errors: `io`, `bad_argument` naming the stream and the member.
expected<std::vector<stream_spec>> read_mix(const std::filesystem::path& file);

/// A stream made ready: its requests, and what must come back.
struct workload {
  stream_spec spec;
  std::vector<http::encoded_inputs> inputs;              ///< per sample window of `batch` rows
  std::vector<std::vector<http::named_tensor>> expected; ///< per window: the outputs of the undisturbed run
  std::size_t layers = 0;
  std::size_t devices = 0;

  /// The body of a request for window `w`; `move`: (device to begin on, layer to move behind).
  http::http_content body(std::size_t w, std::optional<std::pair<std::size_t, std::size_t>> move) const;
};

/// Asks the server what it must know of the model, and runs every window alone where answers are to be checked.
/// Errors: `bad_argument`, `io` naming the stream.
expected<workload> prepare(stream_spec spec, http::client& server);

} // namespace baton::apps
