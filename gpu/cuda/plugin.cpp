#include <memory>
#include <string>
#include <vector>

#include "gpu/backend.hpp"
#include "gpu/cuda/cuda_device.hpp"
#include "gpu/cuda/cuda_domain.hpp"
#include "gpu/cuda/current_gpu.hpp"
#include "gpu/cuda/guard.hpp"

namespace baton::gpu::cuda {
namespace {

peer way(int from, int to) {
  int reads = 0;
  check(cudaDeviceCanAccessPeer(&reads, from, to), "cudaDeviceCanAccessPeer");
  if (reads == 0)
    return peer::unreachable;
  int atomics = 0;
  check(cudaDeviceGetP2PAttribute(&atomics, cudaDevP2PAttrNativeAtomicSupported, from, to),
        "cudaDeviceGetP2PAttribute");
  return atomics != 0 ? peer::over_link : peer::over_bus;
}

accelerator describe(int number, int count) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, number), "cudaGetDeviceProperties");
  char bus[32] = {};
  check(cudaDeviceGetPCIBusId(bus, sizeof bus, number), "cudaDeviceGetPCIBusId");
  accelerator a{.name = properties.name,
                .bus = bus,
                .architecture = "sm_" + std::to_string(properties.major) + std::to_string(properties.minor),
                .multiprocessors = static_cast<std::uint32_t>(properties.multiProcessorCount),
                .memory = properties.totalGlobalMem};
  for (int other = 0; other < count; ++other)
    a.peers.push_back(other == number ? peer::unreachable : way(number, other));
  return a;
}

std::string version_text(int v) {
  return std::to_string(v / 1000) + "." + std::to_string(v % 1000 / 10);
}

class cuda_backend final : public backend {
public:
  /// Throws `failure`.
  explicit cuda_backend(int count) : timelines_(std::make_shared<timeline_table>()) {
    for (int i = 0; i < count; ++i)
      gpus_.push_back(describe(i, count));
  }

  std::span<const accelerator> accelerators() const override { return gpus_; }

  std::string versions() const override {
    int driver = 0;
    int runtime = 0;
    (void)cudaDriverGetVersion(&driver);
    (void)cudaRuntimeGetVersion(&runtime);
    const auto dnn = cudnnGetVersion();
    return "CUDA driver " + version_text(driver) + ", runtime " + version_text(runtime) + ", cuDNN "
           + std::to_string(dnn / 10000) + "." + std::to_string(dnn % 10000 / 100) + "." + std::to_string(dnn % 100);
  }

  expected<std::shared_ptr<domain>> open_domain(std::uint32_t index, domain_description description,
                                                std::shared_ptr<metadata::kernel_choices> choices) override {
    return guarded("domain '" + description.name + "'", [&]() -> std::shared_ptr<domain> {
      const auto number = static_cast<int>(index);
      const auto& card = gpus_.at(index);
      auto gpu = std::make_shared<gpu_state>();
      gpu->number = number;
      gpu->name = card.name;
      gpu->peers = card.peers;
      current_gpu here(number);
      for (std::size_t other = 0; other < card.peers.size(); ++other)
        if (card.peers[other] != peer::unreachable)
          enable_peer(static_cast<int>(other));
      gpu->memory =
          std::make_shared<domain_memory>(description.name, description.limit, std::make_unique<gpu_memory>(number));
      gpu->up = std::make_shared<stager>(number);
      gpu->down = std::make_shared<stager>(number);
      gpu->timelines = timelines_;
      gpu->choices = std::move(choices);
      return std::make_shared<cuda_domain>(std::move(description), std::move(gpu));
    });
  }

  expected<std::unique_ptr<device>> open_device(std::uint32_t index, device_description description,
                                                std::shared_ptr<domain> home) override {
    auto part = "device '" + description.name + "'";
    return guarded(part, [&]() -> std::unique_ptr<device> {
      auto own = std::dynamic_pointer_cast<cuda_domain>(home);
      if (!own || own->gpu()->number != static_cast<int>(index))
        raise(errc::bad_argument, part + ": its domain is another card's");
      return std::make_unique<cuda_device>(std::move(description), own->gpu());
    });
  }

private:
  static void enable_peer(int other) {
    auto result = cudaDeviceEnablePeerAccess(other, 0);
    if (result == cudaErrorPeerAccessAlreadyEnabled)
      (void)cudaGetLastError();
    else
      check(result, "cudaDeviceEnablePeerAccess");
  }

  std::vector<accelerator> gpus_;
  std::shared_ptr<timeline_table> timelines_;
};

} // namespace
} // namespace baton::gpu::cuda

extern "C" __attribute__((visibility("default"))) baton::gpu::backend* baton_cuda_backend(int version,
                                                                                          std::string& why) {
  namespace gpu = baton::gpu;
  if (version != gpu::backend_version) {
    why = "the CUDA plugin is of version " + std::to_string(gpu::backend_version) + ", the program wants "
          + std::to_string(version);
    return nullptr;
  }
  int count = 0;
  if (auto result = cudaGetDeviceCount(&count); result != cudaSuccess) {
    why = std::string("CUDA finds no GPU: ") + cudaGetErrorString(result);
    return nullptr;
  }
  auto made = gpu::cuda::guarded("CUDA", [&] { return std::make_unique<gpu::cuda::cuda_backend>(count); });
  if (!made) {
    why = made.error().message;
    return nullptr;
  }
  static std::unique_ptr<gpu::backend> kept;
  kept = std::move(*made);
  return kept.get();
}
