#include "metadata/device_kinds.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "metadata/defaults.hpp"
#include "metadata/in_quotes.hpp"

namespace baton::metadata {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t giga = 1'000'000'000;
constexpr std::uint64_t tera = 1000 * giga;
constexpr std::uint64_t gib = std::uint64_t{1} << 30;

// Memory sizes that data sheets call GB are GiB. PCIe and NVLink: data sheets give both directions together, here is
// one. TF32: data sheets since 2022 give it with sparsity, here is half of that. No data sheet has `launch`: the first
// two are the shortest kernels of measured_models.cpp (an activation of some thousand elements), the others are taken
// to be as fast as the faster of them.
constexpr std::array<device_kind, 8> kinds{{
    // 3584 cores x 1.582 GHz x 2; 352 bits x 11 Gbit/s
    {.name = "GTX 1080 Ti",
     .card = "GeForce GTX 1080 Ti 11 GB, reference clocks",
     .fp32 = 11'340 * giga,
     .bandwidth = 484 * giga,
     .memory = 11 * gib,
     .multiprocessors = 28,
     .pcie_generation = 3,
     .pcie_lanes = 16,
     .launch = 2300ns,
     .source = "NVIDIA, GeForce GTX 1080 Ti specifications, 2017"},
    // 1920 cores x 1.68 GHz x 2; 192 bits x 14 Gbit/s
    {.name = "RTX 2060",
     .card = "GeForce RTX 2060 6 GB, reference clocks",
     .fp32 = 6'451 * giga,
     .bandwidth = 336 * giga,
     .memory = 6 * gib,
     .multiprocessors = 30,
     .pcie_generation = 3,
     .pcie_lanes = 16,
     .launch = 2400ns,
     .source = "NVIDIA, GeForce RTX 2060 specifications, 2019"},
    {.name = "RTX 3080",
     .card = "GeForce RTX 3080 10 GB, Founders Edition",
     .fp32 = 29'770 * giga,
     .tf32 = 29'770 * giga,
     .bandwidth = 760 * giga,
     .memory = 10 * gib,
     .multiprocessors = 68,
     .pcie_generation = 4,
     .pcie_lanes = 16,
     .launch = 2300ns,
     .source = "NVIDIA, Ampere GA102 GPU Architecture whitepaper, 2020"},
    {.name = "V100",
     .card = "V100 SXM2 16 GB",
     .fp32 = 15'700 * giga,
     .bandwidth = 900 * giga,
     .memory = 16 * gib,
     .multiprocessors = 80,
     .pcie_generation = 3,
     .pcie_lanes = 16,
     .nvlink = 150 * giga,
     .launch = 2300ns,
     .source = "NVIDIA, V100 data sheet, 2020; multiprocessors: Volta V100 whitepaper, 2017"},
    {.name = "A100",
     .card = "A100 SXM4 80 GB",
     .fp32 = 19'500 * giga,
     .tf32 = 156 * tera,
     .bandwidth = 2'039 * giga,
     .memory = 80 * gib,
     .multiprocessors = 108,
     .pcie_generation = 4,
     .pcie_lanes = 16,
     .nvlink = 300 * giga,
     .launch = 2300ns,
     .source = "NVIDIA, A100 80GB data sheet, 2021; multiprocessors: Ampere A100 whitepaper, 2020"},
    {.name = "H100",
     .card = "H100 SXM5 80 GB",
     .fp32 = 66'900 * giga,
     .tf32 = 494'700 * giga,
     .bandwidth = 3'350 * giga,
     .memory = 80 * gib,
     .multiprocessors = 132,
     .pcie_generation = 5,
     .pcie_lanes = 16,
     .nvlink = 450 * giga,
     .launch = 2300ns,
     .source = "NVIDIA, H100 data sheet, 2023; arithmetic, multiprocessors: Hopper H100 whitepaper, 2022"},
    {.name = "H200",
     .card = "H200 SXM 141 GB",
     .fp32 = 67 * tera,
     .tf32 = 494'500 * giga,
     .bandwidth = 4'800 * giga,
     .memory = 141 * gib,
     .multiprocessors = 132,
     .pcie_generation = 5,
     .pcie_lanes = 16,
     .nvlink = 450 * giga,
     .launch = 2300ns,
     .source = "NVIDIA, H200 data sheet, 2024; multiprocessors: as the H100's, 2022"},
    {.name = "L4",
     .card = "L4 24 GB, PCIe",
     .fp32 = 30'300 * giga,
     .tf32 = 60 * tera,
     .bandwidth = 300 * giga,
     .memory = 24 * gib,
     .multiprocessors = 58,
     .pcie_generation = 4,
     .pcie_lanes = 16,
     .launch = 2300ns,
     .source = "NVIDIA, L4 data sheet, 2023; multiprocessors: of 128 cores, as 30.3 TFLOP/s at 2.04 GHz need"},
}};

/// Letters and digits only, small, without the vendor's words ahead.
std::string plain(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z')
      out += static_cast<char>(c - 'A' + 'a');
    else if (c != ' ' && c != '-' && c != '_')
      out += c;
  }
  for (const std::string_view word : {"nvidia", "geforce", "tesla"})
    if (out.starts_with(word))
      out.erase(0, word.size());
  return out;
}

} // namespace

std::uint64_t device_kind::host_bandwidth() const {
  // 8 Gbit/s a lane in generation 3, twice as much in each that follows; 128 of 130 bits are data.
  const auto lane = (giga << (pcie_generation - 3)) * 128 / 130;
  return lane * pcie_lanes / 100 * defaults::pcie_percent;
}

std::span<const device_kind> device_kinds() {
  return kinds;
}

expected<const device_kind*> find_device_kind(std::string_view name) {
  const auto wanted = plain(name);
  const auto* it = std::find_if(kinds.begin(), kinds.end(), [&](const auto& k) { return plain(k.name) == wanted; });
  if (it != kinds.end())
    return it;
  std::string known;
  for (const auto& k : kinds)
    known.append(known.empty() ? "" : ", ").append(k.name);
  return fail(errc::not_found, "there is no device kind " + in_quotes(name) + "; there are " + known);
}

} // namespace baton::metadata
