#include "gpu/cuda/cuda_device.hpp"

#include <algorithm>

#include "gpu/cuda/current_gpu.hpp"
#include "gpu/cuda/defaults.hpp"
#include "gpu/cuda/guard.hpp"
#include "gpu/plan_check.hpp"

namespace baton::gpu::cuda {

cuda_device::cuda_device(device_description description, std::shared_ptr<gpu_state> gpu)
    : description_(std::move(description)), gpu_(std::move(gpu)) {}

cuda_device::~cuda_device() {
  current_gpu_quietly here(gpu_->number);
  for (auto& l : lanes_)
    if (l.times) {
      l.times->wait(l.times->progress().issued); // who asks for a ticket must find it until it is over
      l.times.reset();
    }
  lanes_.clear();
}

expected<void> cuda_device::attach() {
  return guarded(part(), [&] {
    const current_gpu here(gpu_->number);
    int least = 0;
    int most = 0;
    check(cudaDeviceGetStreamPriorityRange(&least, &most), "cudaDeviceGetStreamPriorityRange");
    check(cudaStreamCreateWithPriority(watched_.put(), cudaStreamNonBlocking, least), "cudaStreamCreateWithPriority");
    lanes_.resize(description_.lanes + description_.urgent_lanes);
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
      auto& l = lanes_[i];
      l.on = std::make_unique<lane>(gpu_->number, i < description_.lanes ? least : most, gpu_->memory, part());
      check(cudaHostAlloc(l.faults.put(), defaults::submissions_under_way * sizeof(data_fault), cudaHostAllocPortable),
            "cudaHostAlloc");
      l.times = std::make_shared<timeline>(gpu_->number, [this, i](const ending& e) { completed(i, e); });
      gpu_->timelines->put(description_.id, lane_id{static_cast<std::uint32_t>(i)}, l.times);
    }
    attached_ = true;
  });
}

// -- submissions ------------------------------------------------------------------------------------------------------

const cuda_plan& cuda_device::checked_plan(const submission& work) const {
  auto bad = [&](const std::string& reason) { raise(errc::bad_argument, part() + ": " + reason); };
  if (!attached_)
    bad("attach() must come before submit()");
  if (work.lane.value >= lanes_.size())
    bad("it has no lane " + std::to_string(work.lane.value));
  const auto* plan = dynamic_cast<const cuda_plan*>(work.plan);
  if (!plan || &plan->home() != gpu_.get() || plan->device_kind() != description_.kind)
    bad("the plan submitted is not one of its kind '" + description_.kind + "' and domain");
  check_range(work, part());
  const auto* memory = dynamic_cast<const cuda_block*>(work.data->activations.get());
  if (!memory || &memory->home() != gpu_.get() || memory->bytes() < plan->block_bytes())
    bad("the activation block is not of its domain, or smaller than the plan's " + std::to_string(plan->block_bytes())
        + " bytes");
  if (std::any_of(work.data->inputs.begin(), work.data->inputs.end(), [](auto* x) { return x != nullptr; }))
    bad("inputs must lie in the block");
  return *plan;
}

std::vector<ending_time> cuda_device::wait_for(const submission& work, one_lane& l) {
  std::vector<ending_time> after;
  for (const auto& t : work.waits)
    for (const auto& other : gpu_->timelines->find(t))
      if (other != l.times)
        if (auto end = other->wait_on(l.on->stream(), t.sequence))
          after.push_back(std::move(*end));
  return after;
}

void cuda_device::enqueue(const cuda_plan& plan, const bindings& data, lane& on, position begin, position end) const {
  run_context c{on, {.values = plan.values(), .block = data.activations->data(), .scratch = on.arena()}};
  for (auto at = begin; at < end; at = plan.profile().next(at)) {
    c.values.part = at.part;
    c.values.state = c.values.block + plan.state_offset(at.layer);
    for (const auto& s : plan.layer(at.layer).steps)
      if (s.parts.holds(at.part, at == begin))
        s.enqueue(c);
  }
}

/// Puts all of a submission on the lane's stream but its end; where a fault of the data will be noted, if it may be.
data_fault* cuda_device::issue_work(const cuda_plan& plan, const submission& work, one_lane& l, std::uint64_t sequence,
                                    bool may_fault) {
  const auto stream = l.on->stream();
  if (may_fault)
    check(cudaMemsetAsync(l.on->fault().data(), 0, sizeof(data_fault), stream), "cudaMemsetAsync");
  const auto steps = [&] {
    const lane::library_calls use(*l.on);
    enqueue(plan, *work.data, *l.on, work.begin, work.end);
  };
  if (plan.uses_graphs())
    l.on->graphs().run({plan.serial(), work.begin, work.end, work.data->activations->data(), l.on->arena()}, sequence,
                       progress(work.lane).completed, stream, steps,
                       [&](const graph_grant& grant) { return l.on->capture(steps, grant); });
  else
    steps();
  if (!may_fault)
    return nullptr;
  auto* fault = static_cast<data_fault*>(l.faults.get()) + sequence % defaults::submissions_under_way;
  check(cudaMemcpyAsync(fault, l.on->fault().data(), sizeof(data_fault), cudaMemcpyDeviceToHost, stream),
        "cudaMemcpyAsync");
  return fault;
}

expected<ticket> cuda_device::submit(const submission& work) {
  return guarded(part(), [&] {
    const auto& plan = checked_plan(work);
    const current_gpu here(gpu_->number);
    auto& l = lanes_[work.lane.value];
    pending p{&plan, work.begin, work.end, work.data};
    {
      std::lock_guard lock(mutex_);
      if (completed_.size() + l.under_way.size() >= defaults::submissions_under_way)
        raise(errc::overloaded, part() + ": its completions are not polled");
    }
    auto may_fault = false;
    for (auto layer = work.begin.layer; layer < plan.profile().layers() && position{layer, 0} < work.end; ++layer)
      may_fault = may_fault || plan.profile().may_fail(layer);
    l.on->reserve(plan.scratch_bytes()); // grows once for a plan that another device built
    if (plan.uses_graphs())
      l.on->keep_graphs(plan.serial());
    const auto sequence = l.progress.issued + 1; // only this thread issues
    const auto stream = l.on->stream();
    std::vector<ending_time> after;
    clock::time_point since;
    try {
      after = wait_for(work, l);
      since = clock::now(); // what it does not wait for has ended before
      p.fault = issue_work(plan, work, l, sequence, may_fault);
    } catch (...) {
      (void)cudaStreamSynchronize(stream); // what of it is on the stream still uses the task's memory
      throw;
    }
    {
      std::lock_guard lock(mutex_); // it may complete before `issue` returns
      l.under_way.push_back(p);
      l.progress.issued = sequence;
    }
    try {
      l.times->issue(stream, since, std::move(after));
    } catch (...) {
      (void)cudaStreamSynchronize(stream);
      std::lock_guard lock(mutex_);
      l.under_way.pop_back();
      l.progress.issued = sequence - 1;
      throw;
    }
    return ticket{description_.id, work.lane, sequence};
  });
}

/// On the timeline's thread.
void cuda_device::completed(std::size_t lane, const ending& e) {
  std::lock_guard lock(mutex_);
  auto& l = lanes_[lane];
  const auto p = l.under_way.front();
  l.under_way.pop_front();
  const auto elapsed = e.ended - e.begun;
  completion c{.done = {description_.id, lane_id{static_cast<std::uint32_t>(lane)}, e.sequence},
               .elapsed = elapsed,
               .ended = e.ended};
  l.progress.completed = e.sequence;
  if (e.fate == stream_fate::failed) { // another device may still add to the task's times: nobody has waited for it
    c.failure = error{errc::device_failed, part() + ": " + e.why};
  } else {
    c.so_far = p.data->device_time += elapsed;
    if (p.fault && p.fault->layer != 0)
      c.failure = describe(*p.fault, p.plan->of());
    // By the profile's proportions: the stream says when a segment ends, not when each of its layers does.
    else if (!p.data->layer_time.empty())
      share_time(p.plan->profile(), p.begin, p.end, c.elapsed, p.data->layer_time);
  }
  completed_.push_back(std::move(c));
  some_.notify_all();
}

std::size_t cuda_device::poll(std::span<completion> out) {
  std::lock_guard lock(mutex_);
  const auto count = std::min(out.size(), completed_.size());
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = std::move(completed_.front());
    completed_.pop_front();
  }
  return count;
}

bool cuda_device::wait_any(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  if (some_.wait_for(lock, timeout, [&] { return !completed_.empty(); }))
    return true;
  return !told_of_loss_ && notice_loss();
}

bool cuda_device::notice_loss() {
  const current_gpu_quietly here(gpu_->number);
  const auto state = cudaStreamQuery(watched_.get());
  if (state == cudaSuccess)
    return false;
  (void)cudaGetLastError();
  completed_.push_back({.done = {description_.id, {}, 0},
                        .failure = error{errc::device_failed, part() + ": " + cudaGetErrorString(state)}});
  return told_of_loss_ = true;
}

frontier cuda_device::progress(lane_id lane) const {
  std::lock_guard lock(mutex_);
  return lane.value < lanes_.size() ? lanes_[lane.value].progress : frontier{};
}

duration cuda_device::taken(const ticket& by) const {
  if (const auto so_far =
          lanes_.at(by.lane.value).times->taken(by.sequence)) // first: what ends goes from here to there
    return *so_far;
  std::lock_guard lock(mutex_);
  for (const auto& c : completed_)
    if (c.done.lane == by.lane && c.done.sequence == by.sequence)
      return c.elapsed;
  return {};
}

} // namespace baton::gpu::cuda
