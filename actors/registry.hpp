#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>
#include <vector>

#include "actors/request_record.hpp"
#include "gpu/device.hpp"

namespace baton::actors {

/// A task's values in one domain, laid out for one device kind. Written only by the task's holder; whoever holds the
/// task keeps a reference, so that forgetting it never frees memory in use.
struct held_values {
  std::shared_ptr<const gpu::plan> plan;
  std::shared_ptr<request_record> record; ///< in the host domain `data.inputs` are addresses of its tensors
  gpu::bindings data;
};

/// The handles behind the ids, for one domain: weights, plans, activation blocks. Never evicts on its own: the engine
/// says so. Thread-safe.
class registry {
public:
  explicit registry(std::shared_ptr<gpu::domain> memory);

  gpu::domain& memory() const { return *memory_; }

  /// The model's prepared weights, made known on first use. Errors: those of `domain::load_weights`.
  expected<std::shared_ptr<gpu::weights>> weights_of(metadata::model_id m,
                                                     const std::shared_ptr<const metadata::model>& model);
  /// `kind` numbers the device kinds, see `scheduling::device_facts`.
  void add_plan(metadata::model_id m, const metadata::symbol_values& symbols, std::uint32_t kind,
                std::shared_ptr<const gpu::plan> p);
  std::shared_ptr<const gpu::plan> find_plan(metadata::model_id m, const metadata::symbol_values& symbols,
                                             std::uint32_t kind) const;

  /// A block for the task, its inputs bound where they lie in this domain already; what is there already is reused.
  /// Errors: `out_of_memory`.
  expected<std::shared_ptr<held_values>> make_values(metadata::task_id t, std::uint32_t kind,
                                                     std::shared_ptr<const gpu::plan> p,
                                                     std::shared_ptr<request_record> r);
  std::shared_ptr<held_values> find_values(metadata::task_id t, std::uint32_t kind) const;
  /// The task's values have gone elsewhere.
  void release(metadata::task_id t, std::uint32_t kind);
  /// The task has ended: releases all it has here.
  void forget(metadata::task_id t);

  /// All that is here of a model, for who wants to choose where it is freed.
  struct remains {
    std::shared_ptr<gpu::weights> weights;
    std::vector<std::shared_ptr<const gpu::plan>> plans;
  };
  /// Nothing of the model is needed here, for now or for ever: its weights and plans go. Values that an orphan still
  /// holds are freed with it. @pre nothing of the model is being built.
  remains forget_model(metadata::model_id m);

  /// Tasks with values here.
  std::size_t tasks() const;

private:
  using plan_key = std::tuple<metadata::model_id, metadata::symbol_values, std::uint32_t>;
  using values_key = std::pair<metadata::task_id, std::uint32_t>;

  std::shared_ptr<gpu::domain> memory_;
  mutable std::mutex mutex_;
  std::map<metadata::model_id, std::shared_ptr<gpu::weights>> weights_;
  std::map<plan_key, std::shared_ptr<const gpu::plan>> plans_;
  std::map<values_key, std::shared_ptr<held_values>> values_;
};

/// What the registries of all domains had of a model.
struct model_remains {
  std::vector<registry::remains> domains;

  /// Whether somebody still holds one of its plans, or values laid out by one.
  bool in_use() const;
};

} // namespace baton::actors
