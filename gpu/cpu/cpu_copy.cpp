#include "gpu/cpu/cpu_copy.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include <omp.h>

#include "gpu/cpu/cpu_block.hpp"
#include "gpu/defaults.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu::cpu {
namespace {

void check(const std::atomic<bool>* cancel) {
  if (cancel && cancel->load(std::memory_order_relaxed))
    raise(errc::cancelled, "the copy was cancelled");
}

} // namespace

single_thread::single_thread() : before_(omp_get_max_threads()) {
  omp_set_num_threads(1);
}

single_thread::~single_thread() {
  omp_set_num_threads(before_);
}

void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes, const std::atomic<bool>* cancel) {
  check(cancel);
  for (std::size_t done = 0; done < bytes; done += defaults::copy_chunk) {
    if (done > 0)
      check(cancel);
    std::memcpy(to + done, from + done, std::min(defaults::copy_chunk, bytes - done));
  }
}

void copy_value(const value_slot& there, const std::byte* from, const value_slot& here, std::byte* to,
                const std::atomic<bool>* cancel) {
  if (!there.how || same_layout(*there.how, *here.how)) {
    copy_bytes(to, from, here.bytes, cancel);
    return;
  }
  check(cancel);
  dnnl::stream stream(cpu_engine());
  dnnl::memory source(*there.how, cpu_engine(), const_cast<std::byte*>(from));
  dnnl::memory target(*here.how, cpu_engine(), to);
  dnnl::reorder(source, target).execute(stream, source, target);
  stream.wait();
}

std::byte* block_of(const bindings& data, const cpu_plan& plan, const char* name) {
  auto* memory = dynamic_cast<cpu_block*>(data.activations.get());
  if (!memory || memory->home() != plan.home() || memory->bytes() < plan.block_bytes())
    raise(errc::bad_argument, std::string("copy: the ") + name + " has no block of its plan's domain and size");
  return memory->data();
}

} // namespace baton::gpu::cpu
