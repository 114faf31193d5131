#pragma once

#include <span>
#include <string>
#include <vector>

#include "actors/runtime.hpp"
#include "metadata/model.hpp"

namespace baton::apps {

/// Where to steer a run, and which device each layer is then expected on.
struct course {
  std::vector<scheduling::steering> steps; ///< by position
  std::vector<metadata::device_id> where;  ///< per layer; empty if nothing moves
};

/// What `--move-after` (LAYER[=DEVICE]) and `--preempt-after` (LAYER) ask for; without a device a move is to the next
/// one. Errors: `bad_argument` naming the option and its value.
expected<course> plot_course(const std::vector<std::string>& moves, const std::vector<std::string>& preempts,
                             const metadata::model& m, std::span<const gpu::device_description> devices);

/// Whether every step has happened in each of the runs. Only the first step travels with the task; the engine sends
/// each later one when the one before it has been answered, which can be too late for a short model. Waits a little
/// (`defaults::counting_patience`).
bool kept_course(const course& c, const actors::runtime& runtime, unsigned repeat);

} // namespace baton::apps
