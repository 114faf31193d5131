#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "metadata/ids.hpp"

namespace baton::apps::http {

/// Where the time of one inference went.
struct phase_times {
  metadata::duration total{};          ///< from the request's arrival to its answer
  metadata::duration queue{};          ///< waiting for a device
  metadata::duration compute_input{};  ///< decoding
  metadata::duration compute_infer{};  ///< on devices
  metadata::duration compute_output{}; ///< encoding
};

/// What has been served of one version of a model, in the shape of Triton's statistics extension.
class model_statistics {
public:
  /// `rows` is the size of its batch.
  void succeeded(std::int64_t rows, const phase_times& t);
  void failed(metadata::duration total);

  /// {"name":..., "inference_stats":..., "batch_stats":...}
  nlohmann::ordered_json to_json(const std::string& name, std::int64_t version) const;

private:
  struct sum {
    std::uint64_t count = 0;
    metadata::duration time{};
    void add(metadata::duration t) {
      ++count;
      time += t;
    }
    nlohmann::ordered_json to_json() const;
  };
  struct batch {
    sum input, infer, output;
  };

  sum success_, fail_, queue_, input_, infer_, output_;
  std::uint64_t inferences_ = 0;          ///< rows of those that succeeded
  std::int64_t last_ms_ = 0;              ///< when the last one came, Unix time; 0: none did
  std::map<std::int64_t, batch> batches_; ///< by size; a bounded number
};

} // namespace baton::apps::http
