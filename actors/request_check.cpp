#include "actors/request_check.hpp"

#include <algorithm>
#include <string>

namespace baton::actors {

namespace {

expected<void> check_steps(const request& r, const metadata::model& m, const metadata::symbol_values& symbols,
                           const scheduling::cluster& devices) {
  using kind = scheduling::order::kind;
  for (const auto& s : r.steps) {
    if (s.at.layer > m.layers().size())
      return fail(errc::bad_request, "a step at layer " + std::to_string(s.at.layer) + ": model '" + m.name() + "' has "
                                         + std::to_string(m.layers().size()) + " layers");
    const auto parts = s.at.layer < m.layers().size() ? m.layers()[s.at.layer].parts.bind(symbols) : 1;
    if (s.at.part >= parts)
      return fail(errc::bad_request, "a step at part " + std::to_string(s.at.part) + " of layer "
                                         + std::to_string(s.at.layer) + ", which has " + std::to_string(parts));
    if (s.what == kind::none || (s.what == kind::hand_off && s.to == metadata::no_device))
      return fail(errc::bad_request, "a step without an action or a receiver");
    if (s.to != metadata::no_device && !devices.has(s.to))
      return fail(errc::bad_request, "a step names device " + std::to_string(s.to.value) + ": there are "
                                         + std::to_string(devices.devices.size()));
  }
  return {};
}

/// How many rows the request has along the batch axis; 1 if the model has none.
std::int64_t rows_of(const request& r, const metadata::model& m) {
  for (std::size_t i = 0; i < r.inputs.size(); ++i)
    if (auto axis = m.values()[m.inputs()[i]].batch_axis)
      return r.inputs[i].shape()[*axis];
  return 1;
}

} // namespace

expected<scheduling::start_attempt> checked_attempt(const request& r, const metadata::model& m, metadata::model_id id,
                                                    const scheduling::cluster& devices) {
  if (r.inputs.size() != m.inputs().size())
    return fail(errc::bad_request, "model '" + m.name() + "' takes " + std::to_string(m.inputs().size())
                                       + " inputs, the request has " + std::to_string(r.inputs.size()));
  auto symbols = m.bind(r.inputs);
  if (!symbols)
    return tl::unexpected(symbols.error());
  if (std::any_of(symbols->begin(), symbols->end(), [](auto x) { return x <= 0; }))
    return fail(errc::bad_request, "an input of model '" + m.name() + "' is empty");
  if (r.pinned != metadata::no_device && !devices.has(r.pinned))
    return fail(errc::bad_request, "device " + std::to_string(r.pinned.value) + " is not there: there are "
                                       + std::to_string(devices.devices.size()));
  if (r.timeout && *r.timeout <= metadata::duration::zero())
    return fail(errc::bad_request, "the timeout is not positive");
  if (auto steps = check_steps(r, m, *symbols, devices); !steps)
    return tl::unexpected(steps.error());
  scheduling::start_attempt a;
  a.attempt = {1};
  a.model = id;
  a.symbols = std::move(*symbols);
  a.rows = rows_of(r, m);
  a.priority = r.priority;
  a.pinned = r.pinned;
  a.steps = r.steps;
  return a;
}

} // namespace baton::actors
