#pragma once

#include <algorithm>
#include <cstdint>

namespace baton::metadata {

/// Shares are per mille of what a device attains.
inline constexpr std::uint32_t whole_device = 1000;

/// What a layer uses of its device while it runs alone: of the arithmetic and of the bandwidth of the memory. All of
/// both unless more is known: then what runs at once shares the time, and nothing is gained by it.
struct resource_use {
  std::uint32_t arithmetic = whole_device;
  std::uint32_t memory = whole_device;

  resource_use& operator+=(const resource_use& x) {
    arithmetic += x.arithmetic;
    memory += x.memory;
    return *this;
  }
  friend bool operator==(const resource_use&, const resource_use&) = default;
};

template <class Inspector>
auto inspect(Inspector& f, resource_use& x) {
  return f(x.arithmetic, x.memory);
}

/// How many times as long as alone, per mille, everything takes that runs at once on a device and would use so much
/// together: the resource that is asked for most is shared in proportion, the other follows. Layers that do not collide
/// do not slow each other. Caches, registers and places for blocks are not in it (what that leaves out: Elvinger and
/// others, SoCC 2025). Source of the two shares: Zhong and He, "Kernelet", IEEE TPDS 25(6), 2014; Strati, Ma and
/// Klimovic, "Orion", EuroSys 2024.
constexpr std::uint32_t slowdown(const resource_use& together) {
  return std::max({whole_device, together.arithmetic, together.memory});
}

} // namespace baton::metadata
