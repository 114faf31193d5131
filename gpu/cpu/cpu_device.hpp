#pragma once

#include <deque>
#include <map>
#include <memory>

#include "gpu/cpu/cpu_domain.hpp"
#include "gpu/cpu/cpu_plan.hpp"
#include "gpu/cpu/execution.hpp"
#include "gpu/cpu/thread_set.hpp"
#include "gpu/device.hpp"

namespace baton::gpu::cpu {

/// A set of cores that runs layers on the calling thread and its team. Inline; one lane.
class cpu_device final : public device {
public:
  cpu_device(device_description description, std::shared_ptr<cpu_domain> home, thread_set threads,
             kernel_seeker seeker);

  const device_description& description() const override { return description_; }
  expected<void> attach() override;
  expected<std::shared_ptr<const plan>> build_plan(std::shared_ptr<const metadata::model> of,
                                                   std::shared_ptr<weights> with,
                                                   metadata::symbol_values symbols) override;
  expected<ticket> submit(const submission& work) override;
  std::size_t poll(std::span<completion> out) override;
  bool wait_any(std::chrono::milliseconds timeout) override;
  frontier progress(lane_id lane) const override;

private:
  const cpu_plan& check(const submission& work) const;
  execution& execution_of(const cpu_plan& plan);
  void measure(cpu_plan& plan);

  device_description description_;
  std::shared_ptr<cpu_domain> home_;
  thread_set threads_;
  kernel_seeker seeker_;
  dnnl::stream stream_;
  bool attached_ = false;
  /// By plan. An entry whose plan is gone is dropped before its address can be taken for another plan's.
  std::map<const cpu_plan*, execution> executions_;
  buffer scratch_; ///< as much as the largest plan seen needs
  frontier frontier_;
  std::deque<completion> completed_;
};

} // namespace baton::gpu::cpu
