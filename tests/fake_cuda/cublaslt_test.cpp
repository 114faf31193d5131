#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/test_lab.hpp"

/// The stand-in's cuBLASLt multiplies as it should, and refuses what is wrong.
using namespace fake_cuda;
using namespace fake_cuda::testing;

namespace {

constexpr int m = 3, n = 4, depth = 5, batch = 2;

/// D [m, n] = A [m, depth] * B [depth, n], twice, with C = D before.
struct product {
  lab& l;
  bool transposes_a, transposes_b;
  cublasLtOrder_t order;
  cublasLtMatmulDesc_t how = nullptr;
  cublasLtMatmulPreference_t wish = nullptr;
  cublasLtMatrixLayout_t a_of = layout(transposes_a ? depth : m, transposes_a ? m : depth);
  cublasLtMatrixLayout_t b_of = layout(transposes_b ? n : depth, transposes_b ? depth : n);
  cublasLtMatrixLayout_t d_of = layout(m, n);
  std::vector<float> a = l.numbers(batch * m * depth);
  std::vector<float> b = l.numbers(batch * depth * n);
  std::vector<float> c = l.numbers(batch * m * n);
  std::vector<float> bias = l.numbers(m);
  float* d = l.put(c);
  float* workspace = l.floats(1024);
  cublasLtMatmulHeuristicResult_t best{};
  int found = 0;

  product(lab& in, bool ta = false, bool tb = false, cublasLtOrder_t o = CUBLASLT_ORDER_COL)
      : l(in), transposes_a(ta), transposes_b(tb), order(o) {
    OK(cublasLtMatmulDescCreate(&how, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    set(CUBLASLT_MATMUL_DESC_TRANSA, transposes_a ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, transposes_b ? CUBLAS_OP_T : CUBLAS_OP_N);
    OK(cublasLtMatmulPreferenceCreate(&wish));
    const std::uint64_t most = 4096;
    OK(cublasLtMatmulPreferenceSetAttribute(wish, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &most, sizeof most));
    l.at_end([how_ = how, wish_ = wish] {
      OK(cublasLtMatmulDescDestroy(how_));
      OK(cublasLtMatmulPreferenceDestroy(wish_));
    });
  }
  template <class T>
  void set(cublasLtMatmulDescAttributes_t name, T value) const {
    OK(cublasLtMatmulDescSetAttribute(how, name, &value, sizeof value));
  }
  cublasLtMatrixLayout_t layout(int rows, int columns) const {
    cublasLtMatrixLayout_t made = nullptr;
    OK(cublasLtMatrixLayoutCreate(&made, CUDA_R_32F, static_cast<std::uint64_t>(rows),
                                  static_cast<std::uint64_t>(columns), order == CUBLASLT_ORDER_COL ? rows : columns));
    l.at_end([made] { OK(cublasLtMatrixLayoutDestroy(made)); });
    const std::int32_t how_ordered = order;
    const std::int32_t count = batch;
    const std::int64_t step = rows * columns;
    OK(cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_ORDER, &how_ordered, sizeof how_ordered));
    OK(cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &count, sizeof count));
    OK(cublasLtMatrixLayoutSetAttribute(made, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step, sizeof step));
    return made;
  }
  void end_with(cublasLtEpilogue_t epilogue) {
    set(CUBLASLT_MATMUL_DESC_EPILOGUE, epilogue);
    if ((epilogue & CUBLASLT_EPILOGUE_BIAS) != 0)
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, static_cast<const void*>(l.put(bias)));
  }
  cublasStatus_t choose() {
    return cublasLtMatmulAlgoGetHeuristic(l.blas, how, a_of, b_of, d_of, d_of, wish, 1, &best, &found);
  }
  /// d = 2 * a * b + before * d
  cublasStatus_t multiply(float before, std::size_t shift = 0) {
    const float two = 2;
    return cublasLtMatmul(l.blas, how, &two, l.put(a) + shift, a_of, l.put(b), b_of, &before, d, d_of, d, d_of,
                          &best.algo, workspace, best.workspaceSize, l.stream);
  }

  /// Index of an element.
  std::size_t at(int i, int j, int rows, int columns, bool transposed) const {
    if (transposed) {
      std::swap(i, j);
      std::swap(rows, columns);
    }
    return static_cast<std::size_t>(order == CUBLASLT_ORDER_COL ? j * rows + i : i * columns + j);
  }
  std::vector<float> expected(float before, const std::function<double(double, int)>& finish) const {
    std::vector<float> result(c.size());
    for (int k = 0; k < batch; ++k)
      for (int i = 0; i < m; ++i)
        for (int j = 0; j < n; ++j) {
          double sum = 0;
          for (int t = 0; t < depth; ++t)
            sum += 2.0 * a[static_cast<std::size_t>(k * m * depth) + at(i, t, m, depth, transposes_a)]
                   * b[static_cast<std::size_t>(k * depth * n) + at(t, j, depth, n, transposes_b)];
          const auto here = static_cast<std::size_t>(k * m * n) + at(i, j, m, n, false);
          result[here] = static_cast<float>(finish(sum + before * c[here], i));
        }
    return result;
  }
};

} // namespace

TEST_CASE("cuBLASLt multiplies batches, transposed and in both orders", "[cuda]") {
  for (const bool ta : {false, true})
    for (const bool tb : {false, true})
      for (const auto order : {CUBLASLT_ORDER_COL, CUBLASLT_ORDER_ROW})
        works([=](lab& l) {
          product p(l, ta, tb, order);
          OK(p.choose());
          EXPECT(p.found == 1 && p.best.workspaceSize <= 4096);
          OK(p.multiply(0.5F));
          EXPECT(alike(l.get(p.d, p.c.size()), p.expected(0.5F, [](double v, int) { return v; })));
        });
}

TEST_CASE("cuBLASLt's epilogues follow the product", "[cuda]") {
  auto gelu = [](double v) {
    return 0.5 * v * (1 + std::tanh(std::sqrt(2 / 3.14159265358979) * (v + 0.044715 * v * v * v)));
  };
  for (const auto e :
       {CUBLASLT_EPILOGUE_RELU, CUBLASLT_EPILOGUE_BIAS, CUBLASLT_EPILOGUE_RELU_BIAS, CUBLASLT_EPILOGUE_GELU_BIAS})
    works([=](lab& l) {
      product p(l);
      p.end_with(e);
      OK(p.choose());
      OK(p.multiply(0));
      const auto expected = p.expected(0, [&](double v, int i) {
        v += (e & CUBLASLT_EPILOGUE_BIAS) != 0 ? p.bias[static_cast<std::size_t>(i)] : 0.0F;
        v = (e & CUBLASLT_EPILOGUE_RELU) != 0 ? std::max(v, 0.0) : v;
        return (e & CUBLASLT_EPILOGUE_GELU) != 0 ? gelu(v) : v;
      });
      EXPECT(alike(l.get(p.d, p.c.size()), expected));
    });
}

TEST_CASE("cuBLASLt refuses what does not fit", "[cuda]") {
  works([](lab& l) {
    product p(l);
    OK(p.choose());
    const std::size_t enough = p.best.workspaceSize;
    p.best.workspaceSize = 10;
    EXPECT(p.multiply(0) == CUBLAS_STATUS_INVALID_VALUE);
    p.best.workspaceSize = enough;
    std::swap(p.a_of, p.b_of);
    EXPECT(p.multiply(0) == CUBLAS_STATUS_INVALID_VALUE);
    EXPECT(p.choose() == CUBLAS_STATUS_INVALID_VALUE && p.found == 0);
    std::swap(p.a_of, p.b_of);
    const std::int64_t overlapping = m;
    OK(cublasLtMatrixLayoutSetAttribute(p.d_of, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &overlapping,
                                        sizeof overlapping));
    EXPECT(p.choose() == CUBLAS_STATUS_INVALID_VALUE);
    p.set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_DGELU);
    EXPECT(p.choose() != CUBLAS_STATUS_SUCCESS);
    const std::int64_t wrong_size = CUBLAS_OP_T;
    EXPECT(cublasLtMatmulDescSetAttribute(p.how, CUBLASLT_MATMUL_DESC_TRANSA, &wrong_size, sizeof wrong_size)
           == CUBLAS_STATUS_INVALID_VALUE);
  });
}

TEST_CASE("cuBLASLt's algorithms are used for what they were found for", "[cuda]") {
  is_fatal(
      [](lab& l) {
        product p(l);
        (void)p.multiply(0);
      },
      "was not found by cublasLtMatmulAlgoGetHeuristic");
  is_fatal(
      [](lab& l) {
        product p(l);
        OK(p.choose());
        p.end_with(CUBLASLT_EPILOGUE_RELU);
        (void)p.multiply(0);
      },
      "was found for another product");
  is_fatal(
      [](lab& l) {
        product p(l);
        OK(p.choose());
        (void)p.multiply(0, 1);
      },
      "A at ");
  is_fatal(
      [](lab& l) {
        product p(l);
        OK(p.choose());
        ++p.workspace;
        (void)p.multiply(0);
      },
      "is not aligned to 256 bytes");
  is_fatal(
      [](lab& l) {
        product p(l);
        OK(p.choose());
        l.stream = nullptr;
        (void)cublasLtMatmul(l.blas, p.how, &l.one, p.d, p.a_of, p.d, p.b_of, &l.zero, p.d, p.d_of, p.d, p.d_of,
                             nullptr, nullptr, 0, nullptr);
      },
      "cublasLtMatmul on the default stream");
}
