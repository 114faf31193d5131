#include <array>
#include <thread>

#include <catch2/catch.hpp>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/test_lab.hpp"

/// The stand-in's cuDNN computes what it should, and refuses what cuDNN does.
using namespace fake_cuda;
using namespace fake_cuda::testing;

namespace {

/// [1, 4, 5, 6] by [6, 2, 3, 3] in two groups, padded by (1, 2), steps (2, 1), dilation (1, 2): [1, 6, 3, 6].
struct grouped {
  static constexpr int c = 4, h = 5, w = 6, k = 6, p = 3, q = 6;
  static constexpr auto precomputed = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
  lab& l;
  cudnnTensorDescriptor_t x_of = l.tensor(1, c, h, w);
  cudnnTensorDescriptor_t y_of = l.tensor(1, k, p, q);
  cudnnTensorDescriptor_t bias_of = l.tensor(1, k, 1, 1);
  cudnnFilterDescriptor_t w_of = nullptr;
  cudnnConvolutionDescriptor_t how = nullptr;
  cudnnActivationDescriptor_t act = nullptr;
  std::vector<float> x = l.numbers(c * h * w);
  std::vector<float> weights = l.numbers(k * 2 * 9);
  std::vector<float> bias = l.numbers(k);
  std::vector<float> z = l.numbers(k * p * q);
  float* y = l.floats(k * p * q);
  float* workspace = l.floats(1024);

  explicit grouped(lab& in) : l(in) {
    OK(cudnnCreateFilterDescriptor(&w_of));
    OK(cudnnSetFilter4dDescriptor(w_of, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, k, 2, 3, 3));
    OK(cudnnCreateConvolutionDescriptor(&how));
    OK(cudnnSetConvolution2dDescriptor(how, 1, 2, 2, 1, 1, 2, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    OK(cudnnSetConvolutionMathType(how, CUDNN_FMA_MATH));
    OK(cudnnSetConvolutionGroupCount(how, 2));
    OK(cudnnCreateActivationDescriptor(&act));
    activate(CUDNN_ACTIVATION_RELU);
    l.at_end([this_w = w_of] { OK(cudnnDestroyFilterDescriptor(this_w)); });
    l.at_end([this_how = how] { OK(cudnnDestroyConvolutionDescriptor(this_how)); });
    l.at_end([this_act = act] { OK(cudnnDestroyActivationDescriptor(this_act)); });
  }
  void activate(cudnnActivationMode_t mode, cudnnNanPropagation_t nan = CUDNN_NOT_PROPAGATE_NAN) const {
    OK(cudnnSetActivationDescriptor(act, mode, nan, 0));
  }
  std::vector<float> expected() const {
    std::vector<float> result;
    for (int o = 0; o < k; ++o)
      for (int i = 0; i < p; ++i)
        for (int j = 0; j < q; ++j) {
          double sum = 0;
          for (int t = 0; t < 2 * 9; ++t) {
            const int channel = o / 3 * 2 + t / 9;
            const int row = 2 * i - 1 + t / 3 % 3;
            const int column = j - 2 + 2 * (t % 3);
            if (row >= 0 && row < h && column >= 0 && column < w)
              sum += static_cast<double>(x[static_cast<std::size_t>((channel * h + row) * w + column)])
                     * weights[static_cast<std::size_t>(o * 18 + t)];
          }
          result.push_back(static_cast<float>(sum));
        }
    return result;
  }
  cudnnStatus_t plain(cudnnConvolutionFwdAlgo_t algorithm, std::size_t workspace_bytes = 4096) {
    return cudnnConvolutionForward(l.dnn, &l.one, x_of, l.put(x), w_of, l.put(weights), how, algorithm, workspace,
                                   workspace_bytes, &l.zero, y_of, y);
  }
  cudnnStatus_t fused(cudnnConvolutionFwdAlgo_t algorithm) {
    return cudnnConvolutionBiasActivationForward(l.dnn, &l.one, x_of, l.put(x), w_of, l.put(weights), how, algorithm,
                                                 workspace, 4096, &l.one, y_of, l.put(z), bias_of, l.put(bias), act,
                                                 y_of, y);
  }
};

} // namespace

TEST_CASE("cuDNN convolves in groups, padded, with steps and dilated", "[cuda]") {
  works([](lab& l) {
    grouped g(l);
    OK(g.plain(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM, 0));
    auto expected = g.expected();
    EXPECT(alike(l.get(g.y, expected.size()), expected));
    OK(g.fused(grouped::precomputed));
    for (std::size_t i = 0; i < expected.size(); ++i)
      expected[i] = std::max(0.0F, expected[i] + g.z[i] + g.bias[i / (grouped::p * grouped::q)]);
    EXPECT(alike(l.get(g.y, expected.size()), expected));
  });
}

TEST_CASE("cuDNN refuses what it does not support", "[cuda]") {
  works([](lab& l) {
    grouped g(l);
    EXPECT(g.plain(CUDNN_CONVOLUTION_FWD_ALGO_DIRECT) == CUDNN_STATUS_NOT_SUPPORTED);
    EXPECT(g.plain(CUDNN_CONVOLUTION_FWD_ALGO_WINOGRAD) == CUDNN_STATUS_NOT_SUPPORTED);
    EXPECT(g.plain(grouped::precomputed, 100) == CUDNN_STATUS_BAD_PARAM); // too little workspace
    g.activate(CUDNN_ACTIVATION_IDENTITY);
    OK(g.fused(grouped::precomputed));
    EXPECT(g.fused(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM) == CUDNN_STATUS_NOT_SUPPORTED);
    g.activate(CUDNN_ACTIVATION_TANH);
    EXPECT(g.fused(grouped::precomputed) == CUDNN_STATUS_NOT_SUPPORTED);
    g.activate(CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN);
    EXPECT(g.fused(grouped::precomputed) == CUDNN_STATUS_NOT_SUPPORTED);
    OK(cudnnSetTensor4dDescriptor(g.y_of, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, 6, 3, 5));
    EXPECT(g.plain(CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM) == CUDNN_STATUS_BAD_PARAM);
    EXPECT(cudnnSetTensor4dDescriptor(g.y_of, CUDNN_TENSOR_NCHW, CUDNN_DATA_HALF, 1, 6, 3, 6)
           == CUDNN_STATUS_NOT_SUPPORTED);
    EXPECT(cudnnSetConvolution2dDescriptor(g.how, -1, 0, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT)
           == CUDNN_STATUS_BAD_PARAM);
    lose(0);
    EXPECT(g.l.dnn
           && cudnnConvolutionForward(l.dnn, &l.one, g.x_of, g.y, g.w_of, g.y, g.how, grouped::precomputed, g.workspace,
                                      4096, &l.zero, g.y_of, g.y)
                  == CUDNN_STATUS_EXECUTION_FAILED);
    heal();
  });
}

TEST_CASE("cuDNN's handles are used rightly", "[cuda]") {
  is_fatal(
      [](lab& l) {
        grouped g(l);
        OK(cudaSetDevice(1));
        (void)cudnnConvolutionForward(l.dnn, &l.one, g.x_of, g.y, g.w_of, g.y, g.how, grouped::precomputed, g.workspace,
                                      4096, &l.zero, g.y_of, g.y);
      },
      "cuDNN handle of device 0 while device 1 is current");
  is_fatal(
      [](lab& l) {
        OK(cudnnCreate(&l.dnn)); // no stream is set
        (void)grouped(l).plain(grouped::precomputed);
      },
      "on the default stream: cudnnSetStream was not called");
  is_fatal(
      [](lab& l) {
        grouped g(l);
        OK(cudaStreamBeginCapture(l.stream, cudaStreamCaptureModeThreadLocal));
        std::thread([] {
          cudnnHandle_t another{};
          OK(cudaSetDevice(0));
          (void)cudnnCreate(&another);
        }).join();
      },
      "cudnnCreate while a stream of device 0 is captured");
  is_fatal(
      [](lab& l) {
        grouped g(l);
        OK(cudnnDestroyConvolutionDescriptor(g.how));
        (void)g.plain(grouped::precomputed);
      },
      "the convolution descriptor given is destroyed");
  is_fatal(
      [](lab& l) {
        grouped g(l);
        auto* x = l.put(g.x);
        (void)cudnnConvolutionForward(l.dnn, &l.one, g.x_of, x, g.w_of, l.put(g.weights), g.how, grouped::precomputed,
                                      g.workspace, 4096, &l.zero, g.y_of, x);
      },
      "shares bytes with the result");
}

TEST_CASE("cuDNN pools", "[cuda]") {
  works([](lab& l) {
    const std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8, 9};
    auto* from = l.put(x);
    auto* to = l.floats(4);
    auto* x_of = l.tensor(1, 1, 3, 3);
    auto* y_of = l.tensor(1, 1, 2, 2);
    cudnnPoolingDescriptor_t how = nullptr;
    OK(cudnnCreatePoolingDescriptor(&how));
    l.at_end([how] { OK(cudnnDestroyPoolingDescriptor(how)); });
    auto pool = [&](cudnnPoolingMode_t mode) {
      OK(cudnnSetPooling2dDescriptor(how, mode, CUDNN_PROPAGATE_NAN, 3, 3, 1, 1, 2, 2));
      OK(cudnnPoolingForward(l.dnn, how, &l.one, x_of, from, &l.zero, y_of, to));
      return l.get(to, 4);
    };
    EXPECT(alike(pool(CUDNN_POOLING_MAX), {5, 6, 8, 9}));
    EXPECT(alike(pool(CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING), {3, 4, 6, 7}));
    EXPECT(alike(pool(CUDNN_POOLING_AVERAGE_COUNT_INCLUDE_PADDING), {12.0F / 9, 16.0F / 9, 24.0F / 9, 28.0F / 9}));
    EXPECT(cudnnPoolingForward(l.dnn, how, &l.one, x_of, from, &l.zero, l.tensor(1, 1, 2, 1), to)
           == CUDNN_STATUS_BAD_PARAM);
    EXPECT(cudnnSetPooling2dDescriptor(how, CUDNN_POOLING_MAX, CUDNN_PROPAGATE_NAN, 2, 2, 2, 0, 1, 1)
           == CUDNN_STATUS_BAD_PARAM);
  });
}

TEST_CASE("cuDNN normalises over channels, adds and activates", "[cuda]") {
  works([](lab& l) {
    const std::vector<float> x{1, -2, 3, 4};
    auto* from = l.put(x);
    auto* to = l.floats(4);
    auto* shape = l.tensor(1, 4, 1, 1);
    cudnnLRNDescriptor_t how = nullptr;
    OK(cudnnCreateLRNDescriptor(&how));
    l.at_end([how] { OK(cudnnDestroyLRNDescriptor(how)); });
    OK(cudnnSetLRNDescriptor(how, 2, 0.5, 0.75, 1.0)); // a window of a channel and the next
    OK(cudnnLRNCrossChannelForward(l.dnn, how, CUDNN_LRN_CROSS_CHANNEL_DIM1, &l.one, shape, from, &l.zero, shape, to));
    auto part = [](float v, float squares) { return v / std::pow(1 + 0.25F * squares, 0.75F); };
    EXPECT(alike(l.get(to, 4), {part(1, 5), part(-2, 13), part(3, 25), part(4, 16)}));
    EXPECT(cudnnSetLRNDescriptor(how, 17, 1, 1, 1) == CUDNN_STATUS_BAD_PARAM);

    OK(cudnnAddTensor(l.dnn, &l.one, l.tensor(1, 1, 1, 1), l.put({10}), &l.zero, shape, to));
    OK(cudnnAddTensor(l.dnn, &l.one, shape, from, &l.one, shape, to));
    EXPECT(alike(l.get(to, 4), {11, 8, 13, 14}));

    cudnnActivationDescriptor_t act = nullptr;
    OK(cudnnCreateActivationDescriptor(&act));
    l.at_end([act] { OK(cudnnDestroyActivationDescriptor(act)); });
    OK(cudnnSetActivationDescriptor(act, CUDNN_ACTIVATION_CLIPPED_RELU, CUDNN_NOT_PROPAGATE_NAN, 3));
    OK(cudnnActivationForward(l.dnn, act, &l.one, shape, from, &l.zero, shape, from));
    EXPECT(alike(l.get(from, 4), {1, 0, 3, 3}));
  });
}
