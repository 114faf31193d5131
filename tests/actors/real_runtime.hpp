#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/runtime.hpp"

/// The real runtime, for tests. The same tests run on devices of several kinds: a program each.
namespace baton::testing {

using tensors = std::vector<metadata::tensor>;

/// Devices of one kind, as `--devices` writes them, in the places that tests ask for.
struct device_places {
  std::string one;
  std::string together;           ///< two of one domain
  std::string apart;              ///< two of a domain each
  std::string three;              ///< two together and one apart
  std::vector<std::string> alone; ///< one device, wherever it can be
  std::vector<std::string> pairs; ///< two, however they can lie to each other and to the host
  gpu::machine_options machine;   ///< not pinned: a test must run on a machine of one core too
  bool reads_host_inputs = true;  ///< as `backend` has it
  std::int64_t long_batch = 1024; ///< with which a `tiny_resnet` takes milliseconds: it is met while it runs
};

/// Those that the test program at hand is about; each program defines it.
const device_places& places();

actors::runtime_options options_for(const std::string& devices);
/// Fails the test if it does not start.
std::unique_ptr<actors::runtime> start(actors::runtime_options options);
metadata::model_id add(actors::runtime& r, std::shared_ptr<const metadata::model> m,
                       std::vector<metadata::symbol_values> warm);

/// How often the values of a request change their domain on the way from the host over these devices and back.
std::size_t crossings(const actors::runtime& r, const std::vector<std::uint32_t>& over);

/// The outputs of a run on one such device with nothing in between.
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
