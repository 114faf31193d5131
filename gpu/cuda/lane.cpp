#include "gpu/cuda/lane.hpp"

#include "gpu/cuda/step.hpp"

namespace baton::gpu::cuda {

lane::lane(int priority, std::shared_ptr<domain_memory> memory, std::string owner)
    : memory_(std::move(memory)), owner_(std::move(owner)) {
  check(cudaStreamCreateWithPriority(stream_.put(), cudaStreamNonBlocking, priority), "cudaStreamCreateWithPriority");
  check(cudnnCreate(dnn_.put()), "cudnnCreate");
  check(cudnnSetStream(dnn_.get(), stream_.get()), "cudnnSetStream");
  check(cublasLtCreate(blas_.put()), "cublasLtCreate");
  fault_ = memory_->allocate(purpose::scratch, sizeof(data_fault), "a fault flag of " + owner_);
}

lane::~lane() {
  (void)cudaStreamSynchronize(stream_.get()); // the arena may still be in use
}

void lane::drain() {
  check(cudaStreamSynchronize(stream_.get()), "cudaStreamSynchronize");
}

void lane::reserve(std::size_t bytes) {
  if (arena_.bytes() >= bytes)
    return;
  drain();
  graphs_.clear(); // they know the old one's address
  arena_ = {};     // first, so that a tight limit counts one arena and not two
  arena_ = memory_->allocate(purpose::scratch, bytes, "the scratch arena of " + owner_);
}

void lane::give_back(std::size_t bytes) {
  if (arena_.bytes() <= bytes)
    return;
  drain();
  graphs_.clear();
  arena_ = {};
  if (bytes > 0)
    arena_ = memory_->allocate(purpose::scratch, bytes, "the scratch arena of " + owner_);
}

std::byte* frame::at(const place& p) const {
  const auto shift = p.shift(part);
  switch (p.in) {
  case place::space::value: return block + values[p.root].offset + shift;
  case place::space::scratch: return scratch + shift;
  case place::space::state: return state + shift;
  case place::space::constant: return const_cast<std::byte*>(p.constant) + shift; // its layers only read it
  }
  return nullptr;
}

cudaStream_t run_context::stream() const {
  return on.stream();
}

} // namespace baton::gpu::cuda
