#pragma once

#include <string>
#include <vector>

#include "metadata/tensor.hpp"

namespace baton::apps {

/// Whether an output looks like the scores of classes: [N,K] or [N,K,1,1] of at least two classes, floating point.
bool looks_like_scores(const metadata::tensor& t);

struct ranking_options {
  std::size_t top = 5;
  std::vector<std::string> labels; ///< by class; may be empty or short
  bool softmax = false;            ///< turn scores into probabilities; left out where they are already
};

/// The best classes of each row as a table: rank, class, label, probability (or value, where the rows are no
/// probabilities; the text says so). Equal values rank in the order of classes, NaN last. @pre `looks_like_scores(t)`
std::string ranking(const std::string& output, const metadata::tensor& t, const ranking_options& options);

} // namespace baton::apps
