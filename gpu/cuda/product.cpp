#include "gpu/cuda/product.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "gpu/cuda/defaults.hpp"
#include "gpu/cuda/kernel_trial.hpp"

namespace baton::gpu::cuda {
namespace {

using axis = product_shape::batch_axis;

/// Axes that go on alike in all operands are one.
std::vector<axis> merged(const std::vector<axis>& given) {
  std::vector<axis> result;
  for (const auto& a : given) {
    if (a.count == 1)
      continue;
    if (!result.empty()) {
      auto& outer = result.back();
      const auto goes_on = [&](std::int64_t outer_step, std::int64_t step) { return outer_step == step * a.count; };
      if (goes_on(outer.x_step, a.x_step) && goes_on(outer.w_step, a.w_step) && goes_on(outer.y_step, a.y_step)) {
        outer = {outer.count * a.count, a.x_step, a.w_step, a.y_step};
        continue;
      }
    }
    result.push_back(a);
  }
  return result;
}

template <class T>
void set(cublasLtMatmulDesc_t d, cublasLtMatmulDescAttributes_t what, const T& value) {
  check(cublasLtMatmulDescSetAttribute(d, what, &value, sizeof value), "cublasLtMatmulDescSetAttribute");
}

template <class T>
void set(cublasLtMatrixLayout_t l, cublasLtMatrixLayoutAttribute_t what, const T& value) {
  check(cublasLtMatrixLayoutSetAttribute(l, what, &value, sizeof value), "cublasLtMatrixLayoutSetAttribute");
}

template <class T>
void set(cublasLtMatmulPreference_t p, cublasLtMatmulPreferenceAttributes_t what, const T& value) {
  check(cublasLtMatmulPreferenceSetAttribute(p, what, &value, sizeof value), "cublasLtMatmulPreferenceSetAttribute");
}

/// A row-major matrix, as cuBLASLt sees it: column-major with rows and columns swapped.
matrix_layout describe(std::int64_t rows, std::int64_t columns, std::int64_t count, std::int64_t step) {
  matrix_layout made;
  check(cublasLtMatrixLayoutCreate(made.put(), CUDA_R_32F, static_cast<std::uint64_t>(columns),
                                   static_cast<std::uint64_t>(rows), columns),
        "cublasLtMatrixLayoutCreate");
  if (count > 1) {
    set(made.get(), CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, static_cast<std::int32_t>(count));
    set(made.get(), CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, step);
  }
  return made;
}

/// Bytes to which each operand is aligned at least, whatever part or batch it is used in.
std::uint32_t alignment_of(const place& at, std::int64_t step) {
  auto bytes = std::gcd(std::int64_t{64}, step * std::int64_t{sizeof(float)});
  if (at.in == place::space::constant)
    bytes = std::gcd(bytes, reinterpret_cast<std::intptr_t>(at.constant));
  bytes = std::gcd(bytes, static_cast<std::int64_t>(at.offset));
  return static_cast<std::uint32_t>(std::gcd(bytes, static_cast<std::int64_t>(at.per_part)));
}

/// y^T = w^T x^T in cuBLASLt's column-major terms: its A is our w, its B our x.
class product {
public:
  product(layer_builder& b, const product_shape& s, const place& x, const place& w, const place& y,
          const product_end& end)
      : x_(x), w_(w), y_(y), alpha_(s.alpha), beta_(s.accumulate ? 1.0F : 0.0F), outer_(merged(s.batch)) {
    axis inner;
    if (!outer_.empty()) {
      inner = outer_.back();
      outer_.pop_back();
    }
    const auto in = b.multiplies() == precision::tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
    check(cublasLtMatmulDescCreate(what_.put(), in, CUDA_R_32F), "cublasLtMatmulDescCreate");
    set(what_.get(), CUBLASLT_MATMUL_DESC_TRANSA, s.transposed_w ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(what_.get(), CUBLASLT_MATMUL_DESC_TRANSB, s.transposed_x ? CUBLAS_OP_T : CUBLAS_OP_N);
    if (end.bias || end.relu)
      set(what_.get(), CUBLASLT_MATMUL_DESC_EPILOGUE,
          end.bias ? (end.relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS) : CUBLASLT_EPILOGUE_RELU);
    if (end.bias)
      set(what_.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void*>(end.bias->constant));
    x_layout_ = s.transposed_x ? describe(s.depth, s.rows, inner.count, inner.x_step)
                               : describe(s.rows, s.depth, inner.count, inner.x_step);
    w_layout_ = s.transposed_w ? describe(s.columns, s.depth, inner.count, inner.w_step)
                               : describe(s.depth, s.columns, inner.count, inner.w_step);
    y_layout_ = describe(s.rows, s.columns, inner.count, inner.y_step);
    choose(b, inner);
  }

  const std::vector<cublasLtMatmulHeuristicResult_t>& algorithms() const { return algorithms_; }
  const std::array<std::uint32_t, 3>& alignments() const { return alignments_; }

  /// @pre `workspace` has as many bytes as the algorithm asks for
  void enqueue(const run_context& c, const cublasLtMatmulHeuristicResult_t& by, const place& workspace) const {
    enqueue(c, by, workspace, 0, c.values.at(x_), c.values.at(w_), c.values.at(y_));
  }

private:
  void choose(layer_builder& b, const axis& inner) {
    matmul_preference wish;
    check(cublasLtMatmulPreferenceCreate(wish.put()), "cublasLtMatmulPreferenceCreate");
    set(wish.get(), CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{defaults::product_workspace});
    auto x_step = inner.x_step;
    auto w_step = inner.w_step;
    auto y_step = inner.y_step;
    for (const auto& a : outer_) {
      x_step = std::gcd(x_step, a.x_step);
      w_step = std::gcd(w_step, a.w_step);
      y_step = std::gcd(y_step, a.y_step);
    }
    alignments_ = {alignment_of(w_, w_step), alignment_of(x_, x_step), alignment_of(y_, y_step)};
    set(wish.get(), CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignments_[0]);
    set(wish.get(), CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignments_[1]);
    set(wish.get(), CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignments_[2]);
    set(wish.get(), CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignments_[2]);
    algorithms_.resize(defaults::product_algorithms);
    int found = 0;
    const auto result = cublasLtMatmulAlgoGetHeuristic(b.on().blas(), what_.get(), w_layout_.get(), x_layout_.get(),
                                                       y_layout_.get(), y_layout_.get(), wish.get(),
                                                       defaults::product_algorithms, algorithms_.data(), &found);
    if (result == CUBLAS_STATUS_NOT_SUPPORTED || (result == CUBLAS_STATUS_SUCCESS && found == 0))
      b.unsupported("cuBLASLt has no algorithm for this product");
    check(result, "cublasLtMatmulAlgoGetHeuristic");
    algorithms_.resize(static_cast<std::size_t>(found));
    std::erase_if(algorithms_, [](const auto& a) { return a.state != CUBLAS_STATUS_SUCCESS; });
    if (algorithms_.empty())
      b.unsupported("cuBLASLt has no algorithm for this product");
  }

  void enqueue(const run_context& c, const cublasLtMatmulHeuristicResult_t& by, const place& workspace,
               std::size_t depth, std::byte* x, std::byte* w, std::byte* y) const {
    if (depth == outer_.size()) {
      auto* work = by.workspaceSize > 0 ? c.values.at(workspace) : nullptr;
      return check(cublasLtMatmul(c.on.blas(), what_.get(), &alpha_, w, w_layout_.get(), x, x_layout_.get(), &beta_, y,
                                  y_layout_.get(), y, y_layout_.get(), &by.algo, work, by.workspaceSize, c.stream()),
                   "cublasLtMatmul");
    }
    const auto& a = outer_[depth];
    const auto bytes = [](std::int64_t elements) { return elements * std::int64_t{sizeof(float)}; };
    for (std::int64_t i = 0; i < a.count; ++i)
      enqueue(c, by, workspace, depth + 1, x + i * bytes(a.x_step), w + i * bytes(a.w_step), y + i * bytes(a.y_step));
  }

  place x_;
  place w_;
  place y_;
  float alpha_;
  float beta_;
  std::vector<axis> outer_; ///< those that the library's batches do not cover
  matmul_descriptor what_;
  matrix_layout x_layout_;
  matrix_layout w_layout_;
  matrix_layout y_layout_;
  std::array<std::uint32_t, 3> alignments_{};               ///< of w, x and y
  std::vector<cublasLtMatmulHeuristicResult_t> algorithms_; ///< what the library thinks the fastest comes first
};

/// The library gives the same algorithms in the same order for the same problem, card and version: so their numbers are
/// kept.
metadata::kernel_problem name_of(const layer_builder& b, const product_shape& s, const product_end& end,
                                 const std::array<std::uint32_t, 3>& alignments) {
  std::string name = b.multiplies() == precision::tf32 ? "product tf32" : "product fp32";
  const auto append = [&](std::int64_t n) { name += ' ' + std::to_string(n); };
  for (auto n : {s.rows, s.depth, s.columns})
    append(n);
  name += s.transposed_x ? " tx" : "";
  name += s.transposed_w ? " tw" : "";
  name += s.accumulate ? " add" : "";
  name += end.bias ? " bias" : "";
  name += end.relu ? " relu" : "";
  name += " aligned";
  for (auto n : alignments)
    append(n);
  name += s.batch.empty() ? "" : " batch";
  for (const auto& a : s.batch)
    for (auto n : {a.count, a.x_step, a.w_step, a.y_step})
      append(n);
  return {b.card(), "cublasLt " + std::to_string(cublasLtGetVersion()), std::move(name)};
}

} // namespace

void add_product(layer_builder& b, const product_shape& shape, const place& x, const place& w, const place& y,
                 const product_end& end) {
  const auto p = std::make_shared<const product>(b, shape, x, w, y, end);
  std::vector<kernel_way> ways;
  for (const auto& by : p->algorithms())
    ways.push_back({std::to_string(ways.size()), [&b, &by, p] {
                      const auto workspace = b.scratch(std::max<std::size_t>(by.workspaceSize, 1));
                      b.add([=](const run_context& c) { p->enqueue(c, by, workspace); });
                    }});
  add_fastest(b, name_of(b, shape, end, p->alignments()), ways);
}

} // namespace baton::gpu::cuda
