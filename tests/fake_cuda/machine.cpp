#include "tests/fake_cuda/machine.hpp"

#include <cstdlib>
#include <string>

#include "tests/fake_cuda/fake_cuda.hpp"
#include "tests/fake_cuda/fault.hpp"

namespace fake_cuda {
namespace {

constexpr std::size_t default_memory = std::size_t{1} << 30;

thread_local int current = 0;
thread_local cudaError_t last = cudaSuccess;

double number_from(const char* variable, double otherwise) {
  const char* text = std::getenv(variable);
  return text ? std::strtod(text, nullptr) : otherwise;
}

} // namespace

machine::machine() {
  const auto count_wanted = static_cast<std::size_t>(number_from("FAKE_CUDA_DEVICES", 4));
  memory = static_cast<std::size_t>(number_from("FAKE_CUDA_MEMORY", static_cast<double>(default_memory)));
  memory_limit = memory;
  peers = std::getenv("FAKE_CUDA_NO_PEER") == nullptr;
  link_mbs = number_from("FAKE_CUDA_LINK_MBS", 0);
  delay_us = static_cast<unsigned>(number_from("FAKE_CUDA_DELAY_US", 0));
  seed = static_cast<std::uint64_t>(number_from("FAKE_CUDA_SEED", 1));
  for (std::size_t i = 0; i < count_wanted; ++i) {
    devices.push_back(std::make_unique<device_state>());
    devices.back()->reaches.resize(count_wanted);
  }
  if (const char* lost = std::getenv("FAKE_CUDA_LOSE")) {
    char* rest = nullptr;
    const auto device = std::strtoul(lost, &rest, 10);
    if (*rest != ':' || device >= devices.size())
      die("FAKE_CUDA_LOSE is '%s', not DEVICE:N", lost);
    devices[device]->lose_in = std::max(1ULL, std::strtoull(rest + 1, nullptr, 10));
  }
}

void machine::host_waited_for(const vector_clock& over) {
  if (host.join(over))
    ++host_version;
}

machine& the_machine() {
  static machine& only = *new machine; // stream threads may outlive static objects
  return only;
}

int current_device() {
  return current;
}

void make_current(int device) {
  current = device;
}

cudaError_t failed(cudaError_t error) {
  return last = error;
}

cudaError_t state_of(int device) {
  return the_machine().lost(device) ? failed(cudaErrorIllegalAddress) : cudaSuccess;
}

cudaError_t last_error() {
  auto& m = the_machine();
  return current < m.count() && m.lost(current) ? cudaErrorIllegalAddress : last;
}

void forget_last_error() {
  last = cudaSuccess;
}

// -- what tests inject ------------------------------------------------------------------------------------------------

void lose(int device) {
  the_machine().devices.at(static_cast<std::size_t>(device))->lost = true;
}

void lose_after(int device, std::uint64_t operations) {
  auto& m = the_machine();
  std::lock_guard lock(m.lock);
  m.devices.at(static_cast<std::size_t>(device))->lose_in = std::max<std::uint64_t>(1, operations);
}

void heal() {
  auto& m = the_machine();
  std::lock_guard lock(m.lock);
  m.memory_limit = m.memory;
  for (auto& d : m.devices) {
    d->lose_in = 0;
    d->lost = false;
  }
}

void limit_memory(std::size_t bytes) {
  auto& m = the_machine();
  std::lock_guard lock(m.lock);
  m.memory_limit = bytes;
}

std::uint64_t graph_launches() {
  return the_machine().graph_launches;
}

std::uint64_t captures() {
  return the_machine().captures;
}

void issue_takes(unsigned call, unsigned graph) {
  the_machine().call_us = call;
  the_machine().graph_us = graph;
}

std::size_t graph_bytes(int device) {
  auto& m = the_machine();
  std::lock_guard lock(m.lock);
  return m.devices.at(static_cast<std::size_t>(device))->graph_bytes;
}

void refuse_convolutions(int rows) {
  the_machine().refused_rows = rows;
}

void refuse_fused_convolutions(bool yes) {
  the_machine().fused_refused = yes;
}

void set_peers(bool there) {
  auto& m = the_machine();
  std::lock_guard lock(m.lock);
  m.peers = there;
  if (!there)
    for (auto& d : m.devices)
      d->reaches.assign(d->reaches.size(), false);
}

void delay(unsigned microseconds) {
  the_machine().delay_us = microseconds;
}

void link_speed(double megabytes_per_second) {
  the_machine().link_mbs = megabytes_per_second;
}

std::uint64_t operations() {
  auto& m = the_machine();
  std::lock_guard lock(m.lock);
  return m.operations;
}

} // namespace fake_cuda
