#pragma once

#include <memory>
#include <span>
#include <string>

#include "gpu/backend.hpp"
#include "tests/conformance/backends.hpp"

/// Cards without the rest of a machine: `gpu::open_machine` would bring CPU devices along, and so oneDNN, which a
/// machine that is only borrowed for its card does not have.
namespace baton::gpu_check {

/// A device to be opened, and the memory that it is to have: devices with one number share a domain.
struct card_device {
  std::uint32_t card = 0;
  std::uint32_t lanes = 1;
  std::uint32_t domain = 0;
};

/// Devices and domains in the order given, and what of the options is about GPUs. Errors: `unavailable` saying what is
/// missing, `not_found`.
expected<std::unique_ptr<gpu::machine>> open_cards(std::span<const card_device> devices,
                                                   const gpu::machine_options& options);

/// The first card, as `bench_device` wants it.
testing::backend first_card(const gpu::machine_options& options, std::uint32_t lanes = 1);

/// How many cards there are.
expected<std::uint32_t> count_cards(const std::string& plugin);

} // namespace baton::gpu_check
