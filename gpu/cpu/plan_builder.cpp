#include "gpu/cpu/plan_builder.hpp"

#include <variant>

#include "gpu/cpu/kernels.hpp"
#include "gpu/plan_check.hpp"

namespace baton::gpu::cpu {
namespace {

void place_inputs(plan_draft& draft) {
  const auto& model = *draft.model;
  for (std::size_t i = 0; i < model.inputs().size(); ++i) {
    auto v = model.inputs()[i];
    auto& slot = draft.slots[v];
    auto shape = model.shape(v, draft.symbols);
    slot.input = static_cast<std::uint32_t>(i);
    slot.bytes = static_cast<std::size_t>(elements_of(shape)) * size_of(model.values()[v].type);
    slot.planned = true;
    if (model.values()[v].type == metadata::element_type::float32)
      slot.how = plain_layout(shape);
  }
}

/// Outputs are canonical. And what a recurrent layer reads, else each of its steps would have to reorder all of it.
void demand_plain(plan_draft& draft) {
  const auto& model = *draft.model;
  draft.must_be_plain.assign(model.values().size(), false);
  for (auto v : model.outputs())
    draft.must_be_plain[model.root(v)] = true;
  for (const auto& layer : model.layers())
    if (layer.parts != metadata::dim(1))
      for (auto v : layer.inputs)
        if (v != metadata::none)
          draft.must_be_plain[model.root(v)] = true;
}

} // namespace

std::shared_ptr<cpu_plan> make_plan(std::shared_ptr<const metadata::model> model, std::shared_ptr<cpu_weights> weights,
                                    metadata::symbol_values symbols, std::string device_kind,
                                    std::shared_ptr<domain_memory> home, const kernel_seeker& seeker) {
  plan_draft draft;
  draft.model = std::move(model);
  draft.weights = std::move(weights);
  draft.symbols = std::move(symbols);
  const auto& m = *draft.model;
  check_shape(m, draft.symbols);
  draft.slots.resize(m.values().size());
  draft.joined.resize(m.values().size());
  place_inputs(draft);
  demand_plain(draft);
  draft.seeker = seeker;
  draft.numbers = choose_numbers(m, draft.symbols, seeker.multiplies, draft.must_be_plain);
  draft.kernels = choose_kernels(m, draft.symbols, draft.must_be_plain, draft.numbers, *draft.weights, home, seeker);
  for (std::uint32_t i = 0; i < m.layers().size(); ++i) {
    auto built = build_layer(draft, i);
    check_parts(m, draft.symbols, i, built.parts);
    draft.layers.push_back(std::move(built));
  }
  return std::make_shared<cpu_plan>(std::move(draft), std::move(device_kind), std::move(home));
}

} // namespace baton::gpu::cpu
