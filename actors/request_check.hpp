#pragma once

#include <memory>
#include <vector>

#include "actors/runtime.hpp"

namespace baton::actors {

/// A request as its first attempt, checked against model and devices; request id and deadline are the caller's to fill.
/// Errors: `bad_request` naming what does not fit.
expected<scheduling::start_attempt> checked_attempt(const request& r, const metadata::model& m, metadata::model_id id,
                                                    const scheduling::cluster& devices);

} // namespace baton::actors
