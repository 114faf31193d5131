#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "tests/fake_cuda/stream.hpp"

namespace fake_cuda {

/// What was captured of one stream.
struct graph {
  int device = 0;
  std::vector<operation> operations;
};

/// A graph that can be run, one run at a time.
struct executable_graph {
  explicit executable_graph(graph g) : of(std::move(g)) {}
  /// Gives its memory back.
  ~executable_graph();
  executable_graph(const executable_graph&) = delete;
  executable_graph& operator=(const executable_graph&) = delete;

  graph of;
  std::size_t bytes = 0; ///< of its device's memory
  /// Under the machine's lock: its last run.
  struct run {
    unsigned slot = 0;
    unsigned stream = 0;
    tick at = 0;
  };
  std::optional<run> last;
};

} // namespace fake_cuda
