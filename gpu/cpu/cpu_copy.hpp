#pragma once

#include <atomic>
#include <cstddef>

#include <dnnl.hpp>

#include "gpu/cpu/cpu_plan.hpp"
#include "gpu/device.hpp"

/// Copies within host memory. Throw `failure`, `cancelled` among them, or `dnnl::error`.
namespace baton::gpu::cpu {

/// The calling thread works alone while this lives.
class single_thread {
public:
  single_thread();
  ~single_thread();
  single_thread(const single_thread&) = delete;
  single_thread& operator=(const single_thread&) = delete;

private:
  int before_;
};

/// `cancel`, if given, is looked at between chunks.
void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel);

/// A value from one layout to another.
void copy_value(const value_slot& there, const std::byte* from, const value_slot& here, std::byte* to,
                const std::atomic<bool>* cancel);

/// The block of one side, checked; `name` is the side's.
std::byte* block_of(const bindings& data, const cpu_plan& plan, const char* name);

} // namespace baton::gpu::cpu
