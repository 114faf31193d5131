#include <utility>

#include "actors/handlers.hpp"
#include "actors/worker.hpp"

/// The plans a worker builds, and the memory it binds to them.
namespace baton::actors {

expected<std::shared_ptr<held_values>> worker_state::bind(const scheduling::task& t) {
  auto& here = shared_->registry_of(facts_.domain);
  if (auto values = here.find_values(t.id, facts_.kind))
    return values;
  const auto& device = shared_->description(facts_.id).name;
  if (t.at != metadata::position{} || facts_.domain != metadata::host_domain)
    return fail(errc::values_lost, "the task's values are not in the domain of device " + device);
  auto plan = here.find_plan(t.model, t.symbols, facts_.kind);
  if (!plan)
    return fail(errc::not_found, "device " + device + " has no plan for the task's model and shape");
  auto record = t.members.empty() ? nullptr : shared_->requests.find(t.members.front().request);
  if (!record)
    return fail(errc::cancelled, "the request has ended");
  return here.make_values(t.id, facts_.kind, std::move(plan), std::move(record));
}

void worker_state::on(const scheduling::job& m) {
  scheduling::job_done result{m.command, facts_.id};
  auto built = build(m);
  if (built) {
    const auto& p = (*built)->profile();
    for (std::uint32_t layer = 0; layer < p.layers(); ++layer) {
      const auto takes = p.parts[layer] * p.part_time[layer];
      result.layer_ns.push_back(takes.count());
      result.predicted += takes;
    }
    result.lacking = p.lacking;
    result.message = p.why_lacking;
  } else {
    result.failure = built.error().code;
    result.message = built.error().message;
  }
  voice.says(result, scheduling::the_scheduler);
  self->send<caf::message_priority::high>(peers_.who().scheduler, std::move(result));
}

expected<std::shared_ptr<const gpu::plan>> worker_state::build(const scheduling::job& m) {
  auto& here = shared_->registry_of(facts_.domain);
  for (const auto gone : m.evict) {
    const auto begun = voice.now();
    { const auto freed = here.forget_model(gone); }
    voice.note(
        trace::job_ran{begun, voice.now(), trace::job_ran::kind::eviction, facts_.id, gone, m.command, errc::none});
  }
  if (auto there = here.find_plan(m.model, m.symbols, facts_.kind))
    return there;
  auto model = shared_->models.find(m.model);
  if (!model)
    return fail(errc::not_found, "model " + std::to_string(m.model.value) + " is not there any more");
  auto note = [&](trace::job_ran::kind what, metadata::time_point begun, const auto& result) {
    voice.note(trace::job_ran{begun, voice.now(), what, facts_.id, m.model, m.command,
                              result ? errc::none : result.error().code});
  };
  auto begun = voice.now();
  auto weights = here.weights_of(m.model, model);
  note(trace::job_ran::kind::weights, begun, weights);
  if (!weights)
    return tl::unexpected(weights.error());
  begun = voice.now();
  auto built = device_->build_plan(model, *weights, m.symbols);
  note(trace::job_ran::kind::plan, begun, built);
  if (built)
    here.add_plan(m.model, m.symbols, facts_.kind, *built);
  else if (weights->use_count() == 2) // ours and the registry's: what nothing could be built with is in nobody's way
    here.forget_model(m.model);
  return built;
}

} // namespace baton::actors
