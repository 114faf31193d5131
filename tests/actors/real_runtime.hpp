#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/runtime.hpp"

/// The real runtime on CPU devices, for tests.
namespace baton::testing {

using tensors = std::vector<metadata::tensor>;

/// Devices are not pinned: a test must run on a machine of one core too.
actors::runtime_options options_for(const std::string& devices);
/// Fails the test if it does not start.
std::unique_ptr<actors::runtime> start(actors::runtime_options options);
metadata::model_id add(actors::runtime& r, std::shared_ptr<const metadata::model> m,
                       std::vector<metadata::symbol_values> warm);

/// The outputs of a run on one device with nothing in between.
tensors direct_run(const std::shared_ptr<const metadata::model>& m, const tensors& inputs);
/// Same types, shapes and bits.
bool identical(const tensors& a, const tensors& b);
/// All positions of a run at this shape, the end not among them.
std::vector<metadata::position> positions(const metadata::model& m, const metadata::symbol_values& symbols);

/// Whether it becomes true within some seconds: a result may reach the client before the scheduler's counters.
bool eventually(const std::function<bool()>& condition);
/// Waits for `n` results; fails the test if one does not come or comes twice.
std::map<std::uint64_t, actors::done> collect(actors::runtime& r, std::size_t n);
/// Submits one request and waits for it.
actors::done run(actors::runtime& r, actors::request q);

} // namespace baton::testing
