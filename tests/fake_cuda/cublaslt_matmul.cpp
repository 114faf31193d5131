#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "tests/fake_cuda/cublaslt.hpp"
#include "tests/fake_cuda/fake_cuda.hpp"
#include "tests/fake_cuda/machine.hpp"
#include "tests/fake_cuda/stream.hpp"
#include "tests/fake_cuda/tf32.hpp"

/// cuBLASLt's products: D = epilogue(alpha * op(A) * op(B) + beta * C), in plain loops and a fixed order.
namespace fake_cuda::blas {
namespace {

constexpr std::uint64_t our_mark = 0xBA70C0DEULL; // an algorithm is ours
constexpr std::size_t workspace_alignment = 256;
constexpr std::uint64_t workspace_wish = 4096;

struct product {
  description how;
  layout a, b, c, d;

  bool transposes_a() const { return how.transpose_a != CUBLAS_OP_N; }
  bool transposes_b() const { return how.transpose_b != CUBLAS_OP_N; }
  std::uint64_t depth() const { return transposes_a() ? a.rows : a.columns; }
};

product product_of(const char* call, cublasLtMatmulDesc_t how, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                   cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d) {
  return {*descriptions().at(how, call), *layouts().at(a, call), *layouts().at(b, call), *layouts().at(c, call),
          *layouts().at(d, call)};
}

bool known_operation(std::int32_t op) {
  return op == CUBLAS_OP_N || op == CUBLAS_OP_T || op == CUBLAS_OP_C;
}

bool known_epilogue(std::uint32_t e) {
  switch (e) {
  case CUBLASLT_EPILOGUE_DEFAULT:
  case CUBLASLT_EPILOGUE_RELU:
  case CUBLASLT_EPILOGUE_BIAS:
  case CUBLASLT_EPILOGUE_RELU_BIAS:
  case CUBLASLT_EPILOGUE_GELU:
  case CUBLASLT_EPILOGUE_GELU_BIAS: return true;
  default: return false;
  }
}

cublasStatus_t check(const product& p) {
  const auto& h = p.how;
  for (const auto* l : {&p.a, &p.b, &p.c, &p.d}) {
    if (!l->is_usable() || l->batch != p.d.batch)
      return CUBLAS_STATUS_INVALID_VALUE;
    if (l->type != CUDA_R_32F)
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (!known_operation(h.transpose_a) || !known_operation(h.transpose_b))
    return CUBLAS_STATUS_INVALID_VALUE;
  const auto rows = p.transposes_a() ? p.a.columns : p.a.rows;
  const auto columns = p.transposes_b() ? p.b.rows : p.b.columns;
  const auto depth_of_b = p.transposes_b() ? p.b.columns : p.b.rows;
  if (p.depth() != depth_of_b || p.d.rows != rows || p.d.columns != columns || p.c.rows != rows
      || p.c.columns != columns || p.c.order != p.d.order || !p.d.is_apart())
    return CUBLAS_STATUS_INVALID_VALUE;
  const bool computes = h.compute == CUBLAS_COMPUTE_32F || h.compute == CUBLAS_COMPUTE_32F_PEDANTIC
                        || h.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  if (!computes || h.scale != CUDA_R_32F || h.pointers != CUBLASLT_POINTER_MODE_HOST || h.transpose_c != CUBLAS_OP_N
      || !known_epilogue(h.epilogue) || (h.bias_type != -1 && h.bias_type != CUDA_R_32F))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  return CUBLAS_STATUS_SUCCESS;
}

// -- algorithms -------------------------------------------------------------------------------------------------------

/// What an algorithm was chosen for.
std::uint64_t fingerprint(const product& p) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  auto add = [&](auto number) { hash = (hash ^ static_cast<std::uint64_t>(number)) * 0x100000001B3ULL; };
  add(p.how.compute);
  add(p.how.transpose_a);
  add(p.how.transpose_b);
  add(p.how.epilogue);
  for (const auto* l : {&p.a, &p.b, &p.c, &p.d}) {
    add(l->order);
    add(l->rows);
    add(l->columns);
    add(l->ld);
  }
  return hash;
}

cublasLtMatmulAlgo_t algorithm_for(const product& p, std::uint64_t workspace, const preference& wish) {
  cublasLtMatmulAlgo_t made{};
  made.data[0] = our_mark;
  made.data[1] = workspace;
  made.data[2] = fingerprint(p);
  for (std::size_t i = 0; i < wish.alignment.size(); ++i)
    made.data[3 + i] = wish.alignment[i];
  return made;
}

void check(const cublasLtMatmulAlgo_t& algorithm, const product& p, const std::array<const void*, 4>& operands) {
  if (algorithm.data[0] != our_mark)
    die("cublasLtMatmul: the algorithm was not found by cublasLtMatmulAlgoGetHeuristic");
  if (algorithm.data[2] != fingerprint(p))
    die("cublasLtMatmul: the algorithm was found for another product");
  for (std::size_t i = 0; i < operands.size(); ++i)
    if (const auto to = algorithm.data[3 + i]; to > 1 && reinterpret_cast<std::uintptr_t>(operands[i]) % to != 0)
      die("cublasLtMatmul: %c at %p is not aligned to the %u bytes that its algorithm was found for", "ABCD"[i],
          operands[i], static_cast<unsigned>(to));
}

// -- arithmetic -------------------------------------------------------------------------------------------------------

float finish(float v, std::uint32_t epilogue) {
  if ((epilogue & CUBLASLT_EPILOGUE_RELU) != 0)
    return v < 0 ? 0.0F : v;
  if ((epilogue & CUBLASLT_EPILOGUE_GELU) != 0)
    return 0.5F * v * (1 + std::tanh(0.7978845608F * (v + 0.044715F * v * v * v)));
  return v;
}

struct operands {
  const float* a;
  const float* b;
  const float* c; ///< null: does not count
  const float* bias;
  float* d;
};

void multiply(const product& p, float alpha, float beta, const operands& on) {
  const auto a_row = p.transposes_a() ? p.a.column_step() : p.a.row_step();
  const auto a_depth = p.transposes_a() ? p.a.row_step() : p.a.column_step();
  const auto b_column = p.transposes_b() ? p.b.row_step() : p.b.column_step();
  const auto b_depth = p.transposes_b() ? p.b.column_step() : p.b.row_step();
  const auto depth = static_cast<std::int64_t>(p.depth());
  const bool rough = p.how.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  const auto factor = [rough](float v) { return rough ? tf32(v) : v; };
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(p.d.rows); ++i)
    for (std::int64_t j = 0; j < static_cast<std::int64_t>(p.d.columns); ++j) {
      const auto* x = on.a + i * a_row;
      const auto* y = on.b + j * b_column;
      float sum = 0;
      for (std::int64_t k = 0; k < depth; ++k)
        sum += factor(x[k * a_depth]) * factor(y[k * b_depth]);
      sum *= alpha;
      if (on.c)
        sum += beta * on.c[i * p.c.row_step() + j * p.c.column_step()];
      if (on.bias)
        sum += on.bias[i];
      on.d[i * p.d.row_step() + j * p.d.column_step()] = finish(sum, p.how.epilogue);
    }
}

/// On a stream's thread.
void multiply_batch(const product& p, float alpha, float beta, const void* a, const void* b, const void* c, void* d) {
  auto at = [](const void* address) { return static_cast<float*>(translate(address)); };
  operands on{at(a), at(b), beta != 0 ? at(c) : nullptr, p.how.has_bias() ? at(p.how.bias) : nullptr, at(d)};
  for (std::int32_t i = 0; i < p.d.batch; ++i) {
    multiply(p, alpha, beta, on);
    on.a += p.a.step;
    on.b += p.b.step;
    on.d += p.d.step;
    if (on.c)
      on.c += p.c.step;
    if (on.bias)
      on.bias += p.how.bias_step;
  }
}

range floats_at(const void* begin, std::int64_t count, bool write) {
  return {begin, static_cast<std::size_t>(count) * sizeof(float), write};
}

void must_not_overlap(const range& operand, const range& target) {
  const auto* x = static_cast<const char*>(operand.begin);
  const auto* y = static_cast<const char*>(target.begin);
  if (x < y + target.bytes && y < x + operand.bytes)
    die("cublasLtMatmul: an operand at %p shares bytes with the result at %p", operand.begin, target.begin);
}

} // namespace
} // namespace fake_cuda::blas

using namespace fake_cuda;
using namespace fake_cuda::blas;

extern "C" {

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t how,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t wish, int most,
                                              cublasLtMatmulHeuristicResult_t results[], int* found) {
  constexpr auto call = "cublasLtMatmulAlgoGetHeuristic";
  enter(call);
  (void)contexts().at(handle, call);
  const auto p = product_of(call, how, a, b, c, d);
  const auto w = *preferences().at(wish, call);
  if (most < 1 || !results || !found)
    return CUBLAS_STATUS_INVALID_VALUE;
  *found = 0;
  if (auto status = check(p); status != CUBLAS_STATUS_SUCCESS)
    return status;
  const auto workspace = std::min(w.workspace, workspace_wish);
  results[0] = {};
  results[0].algo = algorithm_for(p, workspace, w);
  results[0].workspaceSize = workspace;
  results[0].state = CUBLAS_STATUS_SUCCESS;
  results[0].wavesCount = 1;
  *found = 1;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t how, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_of, const void* b, cublasLtMatrixLayout_t b_of, const void* beta,
                              const void* c, cublasLtMatrixLayout_t c_of, void* d, cublasLtMatrixLayout_t d_of,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace, std::size_t workspace_bytes,
                              cudaStream_t stream) {
  constexpr auto call = "cublasLtMatmul";
  enter(call);
  if (const auto device = contexts().at(handle, call)->device; device != current_device())
    die("cublasLtMatmul: handle of device %d while device %d is current", device, current_device());
  (void)usable_stream(stream, call);
  const auto p = product_of(call, how, a_of, b_of, c_of, d_of);
  if (the_machine().lost(current_device()))
    return CUBLAS_STATUS_EXECUTION_FAILED;
  if (auto status = check(p); status != CUBLAS_STATUS_SUCCESS)
    return status;
  const auto factor = *static_cast<const float*>(alpha);
  const auto before = *static_cast<const float*>(beta);
  if (algorithm)
    check(*algorithm, p, {a, b, before != 0 ? c : d, d});
  const auto needed = algorithm ? algorithm->data[1] : 0;
  if (workspace_bytes < needed || (needed > 0 && !workspace) || (p.how.has_bias() && !p.how.bias))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (reinterpret_cast<std::uintptr_t>(workspace) % workspace_alignment != 0)
    die("cublasLtMatmul: the workspace at %p is not aligned to %zu bytes", workspace, workspace_alignment);

  const auto target = floats_at(d, p.d.batch_extent(), true);
  ranges touched{floats_at(a, p.a.batch_extent(), false), floats_at(b, p.b.batch_extent(), false)};
  if (needed > 0)
    touched.push_back({workspace, needed, true});
  if (p.how.has_bias())
    touched.push_back(
        floats_at(p.how.bias, static_cast<std::int64_t>(p.d.rows) + (p.d.batch - 1) * p.how.bias_step, false));
  for (const auto& operand : touched)
    must_not_overlap(operand, target);
  if (before != 0) {
    const auto addend = floats_at(c, p.c.batch_extent(), false);
    if (c != d)
      must_not_overlap(addend, target);
    else if (p.c.ld != p.d.ld || p.c.step != p.d.step)
      return CUBLAS_STATUS_INVALID_VALUE;
    touched.push_back(addend);
  }
  touched.push_back(target);
  enqueue(
      stream, std::move(touched),
      [=] {
        if (needed > 0)
          std::memset(translate(workspace), 0xFF, needed);
        multiply_batch(p, factor, before, a, b, c, d);
      },
      call);
  return CUBLAS_STATUS_SUCCESS;
}
}
