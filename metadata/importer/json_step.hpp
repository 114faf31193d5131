#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/importer/graph.hpp"
#include "metadata/importer/json_file.hpp"

namespace baton::metadata::importer {

/// One layer of a JSON list on its way into the graph: it reads what the layer before made. Throws `problem`.
class json_step {
public:
  /// Where in which list the layer stands: its weights' seeds are made of it.
  struct place {
    std::string model; ///< the name in the file
    std::size_t layer = 0;
  };
  json_step(graph& g, const json_layer& layer, place where, value_index x);

  std::int64_t operator[](std::string_view key) const { return layer_.numbers.at(key); }
  value_index x() const { return x_; }
  /// Of `x`.
  const dims& shape() const { return graph_.at(x_).shape; }
  /// An extent of `x` that is not the batch.
  std::int64_t extent(std::size_t axis) const;
  void demand_rank(std::size_t rank, const char* what) const;
  /// What the file should say at `key`. If it says another number, that is a mismatch, and the step goes on as if it
  /// did not.
  std::int64_t agreed(std::string_view key, std::int64_t actual);
  const std::vector<std::string>& mismatches() const { return mismatches_; }

  /// Numbers within +-`scale`; `part` is what the weight is to the layer.
  value_index weight(const std::string& part, dims shape, double scale);

  /// Adds a layer on `operands`; its result is `x` from then on. `what` tells it apart from others of this step.
  void emit(const layer_attributes& a, std::vector<value_index> operands, const std::string& what = {});
  /// `x` under another shape is `x` from then on.
  void emit_view(dims shape, const std::string& what = {});

private:
  std::string name(const std::string& what) const;

  graph& graph_;
  const json_layer& layer_;
  place where_;
  value_index x_;
  std::vector<std::string> mismatches_;
};

} // namespace baton::metadata::importer
