#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <cublasLt.h>

#include "tests/fake_cuda/handles.hpp"

/// What the parts of the stand-in's cuBLASLt share. float32 only.
namespace fake_cuda::blas {

struct context {
  int device = 0;
};

struct layout {
  std::int32_t type = CUDA_R_32F;
  std::int32_t order = CUBLASLT_ORDER_COL;
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::int64_t ld = 0;
  std::int32_t batch = 1;
  std::int64_t step = 0; ///< from one of a batch to the next, in elements

  std::int64_t row_step() const { return order == CUBLASLT_ORDER_COL ? 1 : ld; }
  std::int64_t column_step() const { return order == CUBLASLT_ORDER_COL ? ld : 1; }
  /// Elements from the first to behind the last one of one matrix.
  std::int64_t extent() const;
  /// The same of the whole batch.
  std::int64_t batch_extent() const { return extent() + (batch - 1) * step; }
  bool is_usable() const;
  /// Whether no element of one matrix is one of another.
  bool is_apart() const;
};

struct description {
  std::int32_t compute = CUBLAS_COMPUTE_32F;
  std::int32_t scale = CUDA_R_32F;
  std::int32_t pointers = CUBLASLT_POINTER_MODE_HOST;
  std::int32_t transpose_a = CUBLAS_OP_N;
  std::int32_t transpose_b = CUBLAS_OP_N;
  std::int32_t transpose_c = CUBLAS_OP_N;
  std::uint32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
  std::int64_t bias_step = 0;
  std::int32_t bias_type = -1;

  bool has_bias() const { return (epilogue & CUBLASLT_EPILOGUE_BIAS) != 0; }
};

struct preference {
  std::uint32_t search = CUBLASLT_SEARCH_BEST_FIT;
  std::uint64_t workspace = 0;
  std::uint32_t reductions = CUBLASLT_REDUCTION_SCHEME_MASK;
  std::array<std::uint32_t, 4> alignment{256, 256, 256, 256}; ///< of A, B, C and D
  float waves = 0;
  std::uint64_t implementations = ~std::uint64_t{0};
};

handles<cublasLtHandle_t, context>& contexts();
handles<cublasLtMatrixLayout_t, layout>& layouts();
handles<cublasLtMatmulDesc_t, description>& descriptions();
handles<cublasLtMatmulPreference_t, preference>& preferences();

} // namespace fake_cuda::blas
