#pragma once

#include <span>
#include <string>
#include <vector>

#include "actors/done_queue.hpp"
#include "metadata/model.hpp"

namespace baton::apps {

/// An output in short: name, type, shape, first values, and per row the largest element's place if it has two axes.
std::string describe_output(const std::string& name, const metadata::tensor& t);

/// Per layer: kind, output shape, device time and its share, GFLOP/s. `where` is the device of each layer; empty: no
/// such column.
std::string layer_table(const metadata::model& m, std::span<const std::int64_t> symbols,
                        std::span<const metadata::duration> times, const std::vector<std::string>& where);

} // namespace baton::apps
