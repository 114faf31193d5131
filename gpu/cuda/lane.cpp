#include "gpu/cuda/lane.hpp"

#include <mutex>
#include <utility>

#include "gpu/cuda/capture_gate.hpp"
#include "gpu/cuda/step.hpp"

namespace baton::gpu::cuda {
namespace {

/// Models come first: of a small limit lanes take nothing.
bool has_room_for_graphs(const domain_memory& in) {
  return in.limit() == 0 || in.limit() / defaults::graph_bytes_per_lane >= defaults::least_graph_shares;
}

/// Counted, or empty if the limit does not leave it: a graph is faster, but all goes without.
buffer count_graphs(domain_memory& in, std::size_t bytes, const std::string& owner) {
  try {
    return in.count(purpose::scratch, bytes, "captured graphs of " + owner);
  } catch (const failure& f) {
    if (f.why().code != errc::out_of_memory)
      throw;
    return {};
  }
}

} // namespace

error describe(const data_fault& fault, const metadata::model& of) {
  return {errc::bad_request, "layer '" + of.layers()[static_cast<std::size_t>(fault.layer - 1)].name
                                 + "' (gather): index " + std::to_string(fault.index) + " is outside of "
                                 + std::to_string(-fault.extent) + " to " + std::to_string(fault.extent - 1)};
}

lane::lane(int gpu, int priority, std::shared_ptr<domain_memory> memory, std::string owner)
    : gate_(capture_gate(gpu)), memory_(std::move(memory)), owner_(std::move(owner)) {
  const library_calls use(*this);
  check(cudaStreamCreateWithPriority(stream_.put(), cudaStreamNonBlocking, priority), "cudaStreamCreateWithPriority");
  check(cudnnCreate(dnn_.put()), "cudnnCreate");
  check(cudnnSetStream(dnn_.get(), stream_.get()), "cudnnSetStream");
  check(cublasLtCreate(blas_.put()), "cublasLtCreate");
  fault_ = memory_->allocate(purpose::scratch, sizeof(data_fault), "a fault flag of " + owner_);
}

lane::~lane() {
  const library_calls use(*this);
  (void)cudaStreamSynchronize(stream_.get()); // the arena may still be in use
  graphs_.clear();
  blas_ = {};
  dnn_ = {};
}

void lane::keep_graphs(std::uint64_t plan) {
  if (plan <= asked_for_)
    return;
  asked_for_ = plan;
  if (graph_memory_.bytes() > 0 || !has_room_for_graphs(*memory_))
    return;
  graph_memory_ = count_graphs(*memory_, defaults::graph_bytes_per_lane, owner_);
  graphs_.allow(graph_memory_.bytes());
}

lane::library_calls::library_calls(lane& of) : of_(of), locked_(!of.calling_ && !of.capturing_) {
  if (!locked_)
    return;
  of_.gate_.lock_shared();
  of_.calling_ = true;
}

lane::library_calls::~library_calls() {
  if (!locked_)
    return;
  of_.calling_ = false;
  of_.gate_.unlock_shared();
}

lane::no_calls::no_calls(lane& of) : of_(of), had_(std::exchange(of.calling_, false)) {
  if (had_)
    of_.gate_.unlock_shared();
}

lane::no_calls::~no_calls() {
  if (!had_)
    return;
  of_.gate_.lock_shared();
  of_.calling_ = true;
}

std::optional<executable_graph> lane::capture(const std::function<void()>& enqueue, const graph_grant& grant) {
  const no_calls meanwhile(*this);
  const std::unique_lock alone(gate_, std::try_to_lock);
  if (!alone)
    return std::nullopt;
  return try_capture(enqueue, grant);
}

lane::passing_graph lane::capture_to_measure(const std::function<void()>& enqueue) {
  if (!has_room_for_graphs(*memory_))
    return {};
  const no_calls meanwhile(*this);
  const std::unique_lock alone(gate_);
  passing_graph made;
  made.ready = try_capture(enqueue, [&](std::size_t bytes) {
    made.memory = {};
    const auto aside = graphs_.free();
    if (bytes > aside)
      made.memory = count_graphs(*memory_, bytes - aside, owner_);
    return bytes <= aside || made.memory.bytes() > 0;
  });
  return made;
}

executable_graph lane::try_capture(const std::function<void()>& enqueue, const graph_grant& grant) {
  const struct marked {
    explicit marked(bool& flag) : flag_(flag) { flag_ = true; }
    ~marked() { flag_ = false; }
    bool& flag_;
  } mark(capturing_);
  executable_graph made;
  auto granted = true;
  // What spoilt one is told by a library's next call too: the one after that is worth trying.
  for (int i = 0; i < defaults::capture_attempts && !made && granted; ++i)
    made = cuda::capture(stream_.get(), enqueue, [&](std::size_t bytes) { return granted = grant(bytes); });
  return made;
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
  if (arena_.bytes() == bytes)
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
