#include "metadata/measured_times.hpp"

namespace baton::metadata {

namespace {

constexpr measured_run runs[] = {
    {"googlenet", "RTX 2060", "PyTorch", 2844639, 3185160, 7648, 18465},
    {"resnet50", "RTX 2060", "PyTorch", 12564461, 5834091, 7647, 18625},
    {"resnet101", "RTX 2060", "PyTorch", 20075831, 10655089, 7519, 18530},
    {"googlenet-9", "RTX 2060", "TensorRT", 5186143, 1600915, 347424, 1343},
    {"resnet50-v1-7", "RTX 2060", "TensorRT", 17387894, 3511690, 1223161, 1952},
    {"resnet101-v1-7", "RTX 2060", "TensorRT", 37223101, 6692185, 3461422, 1888},
    {"googlenet", "RTX 2060", "TensorRT", 5065822, 1710677, 357725, 1312},
    {"resnet50", "RTX 2060", "TensorRT", 16928080, 3795649, 1280094, 1920},
    {"resnet101", "RTX 2060", "TensorRT", 35944787, 6984081, 3517135, 2272},
    {"googlenet", "GTX 1080 Ti", "PyTorch", 4440801, 4616384, 7360, 17918},
    {"resnet50", "GTX 1080 Ti", "PyTorch", 15858027, 5563778, 7297, 18178},
    {"resnet101", "GTX 1080 Ti", "PyTorch", 27639287, 10451146, 7648, 17027},
    {"googlenet-9", "GTX 1080 Ti", "TensorRT", 6486625, 1082441, 370416, 1152},
    {"resnet50-v1-7", "GTX 1080 Ti", "TensorRT", 19537028, 2233684, 876263, 2496},
    {"resnet101-v1-7", "GTX 1080 Ti", "TensorRT", 41803510, 4868540, 2853677, 1728},
    {"googlenet", "GTX 1080 Ti", "TensorRT", 6286488, 1175152, 383374, 1152},
    {"resnet50", "GTX 1080 Ti", "TensorRT", 18896681, 2314972, 1115528, 1568},
    {"resnet101", "GTX 1080 Ti", "TensorRT", 41180663, 4258505, 2916661, 1568},
};

} // namespace

std::span<const measured_run> measured_runs() {
  return runs;
}

} // namespace baton::metadata
