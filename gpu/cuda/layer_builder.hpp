#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gpu/cuda/cuda_weights.hpp"
#include "gpu/cuda/lane.hpp"
#include "gpu/cuda/step.hpp"
#include "gpu/layer_view.hpp"

namespace baton::gpu::cuda {

/// One layer, built.
struct built_layer {
  std::vector<step> steps;
  std::uint32_t parts = 1;
  std::size_t state_bytes = 0;
  bool may_fault = false; ///< a kernel may note that the task's data is at fault
  std::string lacking;    ///< not empty: it cannot be run here, and why
};

/// A plan while it is being built. All values lie in the plain layout.
struct plan_draft {
  std::shared_ptr<const metadata::model> model;
  std::shared_ptr<cuda_weights> weights;
  metadata::symbol_values symbols;
  lane* on = nullptr; ///< to measure kernels on
  std::string card;   ///< its name: the best algorithm depends on it
  precision multiplies = precision::fp32;
  std::shared_ptr<metadata::kernel_choices> choices;
  std::vector<planned_value> values; ///< by value; those of aliases and weights stay unplanned
  std::vector<built_layer> layers;
  std::size_t scratch_bytes = 0; ///< the most that one layer needs
};

/// What a layer kind builds its steps with. Throws `failure`.
class layer_builder : public layer_view {
public:
  layer_builder(plan_draft& draft, std::uint32_t index)
      : layer_view(*draft.model, draft.symbols, index), draft_(draft) {}

  // -- operands: plain, row-major, of any element type ---------------------------------------------------------------

  place input(std::size_t role);
  /// Gives output `role` its place in the block. Every output that is there needs one.
  place output(std::size_t role = 0);
  /// For the time of one part; 256-byte aligned.
  place scratch(std::size_t bytes);
  /// In the carried state, `offset` bytes from its beginning.
  place state(std::size_t offset) const { return {.in = place::space::state, .offset = offset}; }

  // -- weights -------------------------------------------------------------------------------------------------------

  /// A piece of `count` floats of this layer in the domain: made by `fill` when a plan first asks for it, then kept and
  /// shared by all shapes.
  place prepared(weight_role role, std::size_t count, const std::function<void(std::span<float>)>& fill,
                 std::uint32_t direction = 0);

  // -- measuring while the plan is built -----------------------------------------------------------------------------

  lane& on() const { return *draft_.on; }
  const std::string& card() const { return draft_.card; }
  precision multiplies() const { return draft_.multiplies; }
  metadata::kernel_choices& choices() const { return *draft_.choices; }
  /// Memory of the domain to measure with, contents undefined.
  buffer temporary(std::size_t bytes) const;
  /// The values that this layer reads and writes in places of a block with nothing else, by value.
  std::vector<planned_value> operands() const;
  std::size_t scratch_bytes() const { return scratch_bytes_; }
  std::size_t state_bytes() const { return built_.state_bytes; }

  /// How far it is built.
  struct mark {
    std::size_t steps = 0;
    std::size_t scratch_bytes = 0;
  };
  mark here() const { return {built_.steps.size(), scratch_bytes_}; }
  /// Until something is added or taken away.
  std::span<const step> steps_since(const mark& m) const { return std::span(built_.steps).subspan(m.steps); }
  /// Takes away what was built since.
  void rewind(const mark& m) {
    built_.steps.erase(built_.steps.begin() + static_cast<std::ptrdiff_t>(m.steps), built_.steps.end());
    scratch_bytes_ = m.scratch_bytes;
  }

  // -- steps ---------------------------------------------------------------------------------------------------------

  void add(std::function<void(const run_context&)> enqueue) { built_.steps.push_back({std::move(enqueue), range_}); }
  void set_parts(std::uint32_t parts, std::size_t state_bytes) {
    built_.parts = parts;
    built_.state_bytes = state_bytes;
  }
  /// Steps added from now on run in these parts only.
  void set_range(const part_range& range) { range_ = range; }
  /// A kernel of this layer may write to `lane::fault()`.
  void may_fault() { built_.may_fault = true; }
  /// To be called last.
  built_layer finish();

private:
  plan_draft& draft_;
  built_layer built_;
  std::size_t scratch_bytes_ = 0;
  part_range range_;
};

} // namespace baton::gpu::cuda
