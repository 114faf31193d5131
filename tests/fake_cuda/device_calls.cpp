#include <cstdio>
#include <cstring>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/machine.hpp"

/// The runtime's calls that tell of devices, versions and errors.
namespace fake_cuda {
namespace {

constexpr int driver_version = CUDART_VERSION;
constexpr int multiprocessors = 16;
constexpr int major = 7;
constexpr int minor = 5;

bool exists(int device) {
  return device >= 0 && device < the_machine().count();
}

struct error_text {
  cudaError_t code;
  const char* name;
  const char* sentence;
};

#define FAKE_CUDA_ERROR(code, sentence)                                                                                \
  { code, #code, sentence }
constexpr error_text error_texts[] = {
    FAKE_CUDA_ERROR(cudaSuccess, "no error"),
    FAKE_CUDA_ERROR(cudaErrorInvalidValue, "invalid argument"),
    FAKE_CUDA_ERROR(cudaErrorMemoryAllocation, "out of memory"),
    FAKE_CUDA_ERROR(cudaErrorInvalidDevice, "invalid device ordinal"),
    FAKE_CUDA_ERROR(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    FAKE_CUDA_ERROR(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    FAKE_CUDA_ERROR(cudaErrorNotReady, "device not ready"),
    FAKE_CUDA_ERROR(cudaErrorIllegalState, "the operation cannot be performed in the present state"),
    FAKE_CUDA_ERROR(cudaErrorPeerAccessUnsupported, "peer access is not supported between these two devices"),
    FAKE_CUDA_ERROR(cudaErrorPeerAccessAlreadyEnabled, "peer access is already enabled"),
    FAKE_CUDA_ERROR(cudaErrorNotSupported, "operation not supported"),
    FAKE_CUDA_ERROR(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    FAKE_CUDA_ERROR(cudaErrorIllegalInstruction, "an illegal instruction was encountered"),
    FAKE_CUDA_ERROR(cudaErrorMisalignedAddress, "misaligned address"),
    FAKE_CUDA_ERROR(cudaErrorInvalidAddressSpace, "operation not supported on global/shared address space"),
    FAKE_CUDA_ERROR(cudaErrorInvalidPc, "invalid program counter"),
    FAKE_CUDA_ERROR(cudaErrorHardwareStackError, "hardware stack error"),
    FAKE_CUDA_ERROR(cudaErrorLaunchFailure, "unspecified launch failure"),
    FAKE_CUDA_ERROR(cudaErrorLaunchTimeout, "the launch timed out and was terminated"),
    FAKE_CUDA_ERROR(cudaErrorAssert, "device-side assert triggered"),
    FAKE_CUDA_ERROR(cudaErrorECCUncorrectable, "uncorrectable ECC error encountered"),
    FAKE_CUDA_ERROR(cudaErrorDevicesUnavailable, "CUDA-capable device(s) is/are busy or unavailable"),
    FAKE_CUDA_ERROR(cudaErrorDeviceUninitialized, "invalid device context"),
    FAKE_CUDA_ERROR(cudaErrorUnknown, "unknown error"),
};
#undef FAKE_CUDA_ERROR

const error_text* text_of(cudaError_t code) {
  for (const auto& t : error_texts)
    if (t.code == code)
      return &t;
  return nullptr;
}

} // namespace
} // namespace fake_cuda

using namespace fake_cuda;

extern "C" {

cudaError_t cudaGetDeviceCount(int* count) {
  enter("cudaGetDeviceCount");
  *count = the_machine().count();
  return *count > 0 ? cudaSuccess : failed(cudaErrorNoDevice);
}

cudaError_t cudaSetDevice(int device) {
  enter("cudaSetDevice");
  if (!exists(device))
    return failed(cudaErrorInvalidDevice);
  make_current(device); // a lost one too: what it held must be given back
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  enter("cudaGetDevice");
  *device = current_device();
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int device) {
  enter("cudaGetDeviceProperties");
  if (!exists(device))
    return failed(cudaErrorInvalidDevice);
  *p = {};
  std::strcpy(p->name, "Stand-in GPU");
  p->totalGlobalMem = the_machine().memory;
  p->major = major;
  p->minor = minor;
  p->multiProcessorCount = multiprocessors;
  p->maxThreadsPerBlock = 1024;
  p->maxThreadsPerMultiProcessor = 2048;
  p->warpSize = 32;
  p->sharedMemPerBlock = 48 << 10;
  p->l2CacheSize = 4 << 20;
  p->asyncEngineCount = 2;
  p->concurrentKernels = 1;
  p->unifiedAddressing = 1;
  p->pciBusID = device + 1;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  enter("cudaDeviceGetAttribute");
  if (!exists(device))
    return failed(cudaErrorInvalidDevice);
  switch (attribute) {
  case cudaDevAttrMultiProcessorCount: *value = multiprocessors; return cudaSuccess;
  case cudaDevAttrComputeCapabilityMajor: *value = major; return cudaSuccess;
  case cudaDevAttrComputeCapabilityMinor: *value = minor; return cudaSuccess;
  case cudaDevAttrAsyncEngineCount: *value = 2; return cudaSuccess;
  case cudaDevAttrUnifiedAddressing: *value = 1; return cudaSuccess;
  default: die("cudaDeviceGetAttribute: the stand-in does not know attribute %d", static_cast<int>(attribute));
  }
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int length, int device) {
  enter("cudaDeviceGetPCIBusId");
  if (!exists(device) || length < 13)
    return failed(cudaErrorInvalidValue);
  std::snprintf(text, static_cast<std::size_t>(length), "0000:%02x:00.0", static_cast<unsigned>(device + 1) & 0xFFU);
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  enter("cudaDriverGetVersion");
  *version = driver_version;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  enter("cudaRuntimeGetVersion");
  *version = CUDART_VERSION;
  return cudaSuccess;
}

// -- peers ------------------------------------------------------------------------------------------------------------

cudaError_t cudaDeviceCanAccessPeer(int* reads, int device, int other) {
  enter("cudaDeviceCanAccessPeer");
  if (!exists(device) || !exists(other))
    return failed(cudaErrorInvalidDevice);
  *reads = device != other && the_machine().peers;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetP2PAttribute(int* value, cudaDeviceP2PAttr attribute, int device, int other) {
  enter("cudaDeviceGetP2PAttribute");
  if (!exists(device) || !exists(other) || device == other)
    return failed(cudaErrorInvalidDevice);
  // Neighbours have a link of their own.
  const bool has = attribute == cudaDevP2PAttrAccessSupported
                   || (attribute == cudaDevP2PAttrNativeAtomicSupported && device / 2 == other / 2);
  *value = has && the_machine().peers;
  return cudaSuccess;
}

cudaError_t cudaDeviceEnablePeerAccess(int other, unsigned flags) {
  enter("cudaDeviceEnablePeerAccess");
  const int here = current_device();
  if (!exists(other) || other == here)
    return failed(cudaErrorInvalidDevice);
  if (flags != 0)
    return failed(cudaErrorInvalidValue);
  if (auto error = state_of(here))
    return error;
  auto& m = the_machine();
  std::lock_guard lock(m.lock);
  if (!m.peers)
    return failed(cudaErrorPeerAccessUnsupported);
  auto& reaches = m.devices[static_cast<std::size_t>(here)]->reaches;
  if (reaches[static_cast<std::size_t>(other)])
    return failed(cudaErrorPeerAccessAlreadyEnabled);
  reaches[static_cast<std::size_t>(other)] = true;
  return cudaSuccess;
}

// -- errors -----------------------------------------------------------------------------------------------------------

cudaError_t cudaGetLastError() {
  enter("cudaGetLastError");
  const auto error = last_error();
  forget_last_error();
  return error;
}

cudaError_t cudaPeekAtLastError() {
  enter("cudaPeekAtLastError");
  return last_error();
}

const char* cudaGetErrorName(cudaError_t error) {
  const auto* text = text_of(error);
  return text ? text->name : "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
  const auto* text = text_of(error);
  return text ? text->sentence : "unrecognized error code";
}
}
