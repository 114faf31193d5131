#include "actors/registry.hpp"

#include <algorithm>

#include "actors/defaults.hpp"

namespace baton::actors {

registry::registry(std::shared_ptr<gpu::domain> memory) : memory_(std::move(memory)) {}

expected<std::shared_ptr<gpu::weights>> registry::weights_of(metadata::model_id m,
                                                             const std::shared_ptr<const metadata::model>& model) {
  std::lock_guard guard(mutex_);
  if (auto i = weights_.find(m); i != weights_.end())
    return i->second;
  auto loaded = memory_->load_weights(model);
  if (loaded)
    weights_[m] = *loaded;
  return loaded;
}

void registry::add_plan(metadata::model_id m, const metadata::symbol_values& symbols, std::uint32_t kind,
                        std::shared_ptr<const gpu::plan> p) {
  std::lock_guard guard(mutex_);
  plans_.try_emplace({m, symbols, kind}, std::move(p));
}

std::shared_ptr<const gpu::plan> registry::find_plan(metadata::model_id m, const metadata::symbol_values& symbols,
                                                     std::uint32_t kind) const {
  std::lock_guard guard(mutex_);
  auto i = plans_.find({m, symbols, kind});
  return i == plans_.end() ? nullptr : i->second;
}

expected<std::shared_ptr<held_values>> registry::make_values(metadata::task_id t, std::uint32_t kind,
                                                             std::shared_ptr<const gpu::plan> p,
                                                             std::shared_ptr<request_record> r) {
  std::lock_guard guard(mutex_);
  if (auto i = values_.find({t, kind}); i != values_.end())
    return i->second;
  auto block = memory_->allocate(p->block_bytes());
  if (!block)
    return tl::unexpected(block.error());
  auto v = std::make_shared<held_values>();
  v->data.activations = std::move(*block);
  v->data.layer_time.resize(p->of().layers().size());
  v->data.inputs.resize(r->inputs.size(), nullptr);
  if (memory_->description().id == metadata::host_domain)
    std::transform(r->inputs.begin(), r->inputs.end(), v->data.inputs.begin(), [](auto& x) { return x.data(); });
  v->plan = std::move(p);
  v->record = std::move(r);
  values_[{t, kind}] = v;
  return v;
}

std::shared_ptr<held_values> registry::find_values(metadata::task_id t, std::uint32_t kind) const {
  std::lock_guard guard(mutex_);
  auto i = values_.find({t, kind});
  return i == values_.end() ? nullptr : i->second;
}

void registry::release(metadata::task_id t, std::uint32_t kind) {
  std::lock_guard guard(mutex_);
  values_.erase({t, kind});
}

void registry::forget(metadata::task_id t) {
  std::lock_guard guard(mutex_);
  auto i = values_.lower_bound({t, 0});
  while (i != values_.end() && i->first.first == t)
    i = values_.erase(i);
}

registry::remains registry::forget_model(metadata::model_id m) {
  std::lock_guard guard(mutex_);
  remains all;
  if (auto node = weights_.extract(m))
    all.weights = std::move(node.mapped());
  auto i = plans_.lower_bound({m, {}, 0});
  while (i != plans_.end() && std::get<0>(i->first) == m) {
    all.plans.push_back(std::move(i->second));
    i = plans_.erase(i);
  }
  return all;
}

bool model_remains::in_use() const {
  auto shared = [](const auto& plan) { return plan.use_count() > 1; };
  return std::any_of(domains.begin(), domains.end(),
                     [&](const auto& d) { return std::any_of(d.plans.begin(), d.plans.end(), shared); });
}

std::size_t registry::tasks() const {
  std::lock_guard guard(mutex_);
  std::size_t n = 0;
  for (auto i = values_.begin(); i != values_.end(); i = values_.upper_bound({i->first.first, UINT32_MAX}))
    ++n;
  return n;
}

} // namespace baton::actors
