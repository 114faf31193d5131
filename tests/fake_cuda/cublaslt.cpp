#include "tests/fake_cuda/cublaslt.hpp"

#include <cstring>

#include "tests/fake_cuda/fake_cuda.hpp"
#include "tests/fake_cuda/machine.hpp"

/// cuBLASLt's handles, layouts, descriptions and preferences.
namespace fake_cuda::blas {
namespace {

/// Where an attribute lies in its object; nothing if the stand-in does not have it.
struct attribute {
  void* at = nullptr;
  std::size_t bytes = 0;
};

template <class T>
attribute attribute_at(T& member) {
  return {&member, sizeof member};
}

attribute find(layout& l, cublasLtMatrixLayoutAttribute_t name) {
  switch (name) {
  case CUBLASLT_MATRIX_LAYOUT_TYPE: return attribute_at(l.type);
  case CUBLASLT_MATRIX_LAYOUT_ORDER: return attribute_at(l.order);
  case CUBLASLT_MATRIX_LAYOUT_ROWS: return attribute_at(l.rows);
  case CUBLASLT_MATRIX_LAYOUT_COLS: return attribute_at(l.columns);
  case CUBLASLT_MATRIX_LAYOUT_LD: return attribute_at(l.ld);
  case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT: return attribute_at(l.batch);
  case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET: return attribute_at(l.step);
  default: return {};
  }
}

attribute find(description& d, cublasLtMatmulDescAttributes_t name) {
  switch (name) {
  case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE: return attribute_at(d.compute);
  case CUBLASLT_MATMUL_DESC_SCALE_TYPE: return attribute_at(d.scale);
  case CUBLASLT_MATMUL_DESC_POINTER_MODE: return attribute_at(d.pointers);
  case CUBLASLT_MATMUL_DESC_TRANSA: return attribute_at(d.transpose_a);
  case CUBLASLT_MATMUL_DESC_TRANSB: return attribute_at(d.transpose_b);
  case CUBLASLT_MATMUL_DESC_TRANSC: return attribute_at(d.transpose_c);
  case CUBLASLT_MATMUL_DESC_EPILOGUE: return attribute_at(d.epilogue);
  case CUBLASLT_MATMUL_DESC_BIAS_POINTER: return attribute_at(d.bias);
  case CUBLASLT_MATMUL_DESC_BIAS_BATCH_STRIDE: return attribute_at(d.bias_step);
  case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE: return attribute_at(d.bias_type);
  default: return {};
  }
}

attribute find(preference& p, cublasLtMatmulPreferenceAttributes_t name) {
  switch (name) {
  case CUBLASLT_MATMUL_PREF_SEARCH_MODE: return attribute_at(p.search);
  case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES: return attribute_at(p.workspace);
  case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK: return attribute_at(p.reductions);
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES: return attribute_at(p.alignment[0]);
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES: return attribute_at(p.alignment[1]);
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES: return attribute_at(p.alignment[2]);
  case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES: return attribute_at(p.alignment[3]);
  case CUBLASLT_MATMUL_PREF_MAX_WAVES_COUNT: return attribute_at(p.waves);
  case CUBLASLT_MATMUL_PREF_IMPL_MASK: return attribute_at(p.implementations);
  default: return {};
  }
}

cublasStatus_t write(attribute a, const void* from, std::size_t bytes) {
  if (!a.at)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (!from || bytes != a.bytes)
    return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(a.at, from, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t read(attribute a, void* to, std::size_t bytes, std::size_t* written) {
  if (!a.at)
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (written)
    *written = a.bytes;
  if (bytes == 0 && written)
    return CUBLAS_STATUS_SUCCESS;
  if (!to || bytes != a.bytes)
    return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(to, a.at, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

template <class Handle, class Object>
cublasStatus_t destroy(handles<Handle, Object>& all, Handle handle, const char* call) {
  enter(call);
  if (handle)
    all.remove(handle, call);
  return CUBLAS_STATUS_SUCCESS;
}

} // namespace

std::int64_t layout::extent() const {
  const auto last_row = static_cast<std::int64_t>(rows) - 1;
  const auto last_column = static_cast<std::int64_t>(columns) - 1;
  return last_row * row_step() + last_column * column_step() + 1;
}

bool layout::is_usable() const {
  if (order != CUBLASLT_ORDER_COL && order != CUBLASLT_ORDER_ROW)
    return false;
  const auto least = order == CUBLASLT_ORDER_COL ? rows : columns;
  return rows > 0 && columns > 0 && ld >= static_cast<std::int64_t>(least) && batch > 0 && step >= 0;
}

bool layout::is_apart() const {
  const auto run = static_cast<std::int64_t>(order == CUBLASLT_ORDER_COL ? rows : columns);
  return batch == 1 || step >= extent() || (step >= run && (batch - 1) * step + run <= ld);
}

handles<cublasLtHandle_t, context>& contexts() {
  static auto& all = *new handles<cublasLtHandle_t, context>(kind::blas_handle);
  return all;
}
handles<cublasLtMatrixLayout_t, layout>& layouts() {
  static auto& all = *new handles<cublasLtMatrixLayout_t, layout>(kind::matrix_layout);
  return all;
}
handles<cublasLtMatmulDesc_t, description>& descriptions() {
  static auto& all = *new handles<cublasLtMatmulDesc_t, description>(kind::matmul);
  return all;
}
handles<cublasLtMatmulPreference_t, preference>& preferences() {
  static auto& all = *new handles<cublasLtMatmulPreference_t, preference>(kind::matmul_preference);
  return all;
}

} // namespace fake_cuda::blas

using namespace fake_cuda;
using namespace fake_cuda::blas;

extern "C" {

std::size_t cublasLtGetVersion() {
  return CUBLAS_VERSION;
}

std::size_t cublasLtGetCudartVersion() {
  return CUDART_VERSION;
}

const char* cublasLtGetStatusName(cublasStatus_t status) {
  switch (status) {
  case CUBLAS_STATUS_SUCCESS: return "CUBLAS_STATUS_SUCCESS";
  case CUBLAS_STATUS_NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
  case CUBLAS_STATUS_ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
  case CUBLAS_STATUS_INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
  case CUBLAS_STATUS_EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
  case CUBLAS_STATUS_NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
  default: return "CUBLAS_STATUS_UNKNOWN";
  }
}

const char* cublasLtGetStatusString(cublasStatus_t status) {
  return cublasLtGetStatusName(status);
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t* result) {
  enter("cublasLtCreate");
  not_beside_captures(current_device(), "cublasLtCreate");
  if (the_machine().lost(current_device()))
    return CUBLAS_STATUS_NOT_INITIALIZED;
  *result = contexts().add(std::make_shared<context>(context{current_device()}));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  not_beside_captures(contexts().at(handle, "cublasLtDestroy")->device, "cublasLtDestroy");
  return destroy(contexts(), handle, "cublasLtDestroy");
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* result, cudaDataType type, std::uint64_t rows,
                                          std::uint64_t columns, std::int64_t ld) {
  enter("cublasLtMatrixLayoutCreate");
  *result = layouts().add(std::make_shared<layout>(layout{.type = type, .rows = rows, .columns = columns, .ld = ld}));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t handle) {
  return destroy(layouts(), handle, "cublasLtMatrixLayoutDestroy");
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t handle, cublasLtMatrixLayoutAttribute_t name,
                                                const void* from, std::size_t bytes) {
  enter("cublasLtMatrixLayoutSetAttribute");
  return write(find(*layouts().at(handle, "cublasLtMatrixLayoutSetAttribute"), name), from, bytes);
}

cublasStatus_t cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t handle, cublasLtMatrixLayoutAttribute_t name,
                                                void* to, std::size_t bytes, std::size_t* written) {
  enter("cublasLtMatrixLayoutGetAttribute");
  return read(find(*layouts().at(handle, "cublasLtMatrixLayoutGetAttribute"), name), to, bytes, written);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* result, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  enter("cublasLtMatmulDescCreate");
  *result = descriptions().add(std::make_shared<description>(description{.compute = compute, .scale = scale}));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t handle) {
  return destroy(descriptions(), handle, "cublasLtMatmulDescDestroy");
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t handle, cublasLtMatmulDescAttributes_t name,
                                              const void* from, std::size_t bytes) {
  enter("cublasLtMatmulDescSetAttribute");
  return write(find(*descriptions().at(handle, "cublasLtMatmulDescSetAttribute"), name), from, bytes);
}

cublasStatus_t cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t handle, cublasLtMatmulDescAttributes_t name,
                                              void* to, std::size_t bytes, std::size_t* written) {
  enter("cublasLtMatmulDescGetAttribute");
  return read(find(*descriptions().at(handle, "cublasLtMatmulDescGetAttribute"), name), to, bytes, written);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* result) {
  enter("cublasLtMatmulPreferenceCreate");
  *result = preferences().add(std::make_shared<preference>());
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t handle) {
  return destroy(preferences(), handle, "cublasLtMatmulPreferenceDestroy");
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t handle,
                                                    cublasLtMatmulPreferenceAttributes_t name, const void* from,
                                                    std::size_t bytes) {
  enter("cublasLtMatmulPreferenceSetAttribute");
  return write(find(*preferences().at(handle, "cublasLtMatmulPreferenceSetAttribute"), name), from, bytes);
}

cublasStatus_t cublasLtMatmulPreferenceGetAttribute(cublasLtMatmulPreference_t handle,
                                                    cublasLtMatmulPreferenceAttributes_t name, void* to,
                                                    std::size_t bytes, std::size_t* written) {
  enter("cublasLtMatmulPreferenceGetAttribute");
  return read(find(*preferences().at(handle, "cublasLtMatmulPreferenceGetAttribute"), name), to, bytes, written);
}
}
