#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/fake_cuda/test_lab.hpp"

/// The stand-in's recurrent layers, against loops that are written by the formulas of cuDNN's documentation.
using namespace fake_cuda;
using namespace fake_cuda::testing;

namespace {

constexpr int steps = 4, batch = 2, input = 3, hidden = 2;

double sigmoid(double v) {
  return 1 / (1 + std::exp(-v));
}

/// A layer of one kind, its weights found by `cudnnGetRNNWeightParams`.
struct layer {
  lab& l;
  cudnnRNNMode_t cell;
  int gates;
  int directions;
  std::vector<int> lengths{steps, steps - 1};
  cudnnRNNDescriptor_t how = nullptr;
  cudnnRNNDataDescriptor_t x_of = nullptr;
  cudnnRNNDataDescriptor_t y_of = nullptr;
  std::vector<float> weights;
  std::vector<float> x;
  float padding = -7;

  layer(lab& in, cudnnRNNMode_t its_cell, int its_gates, int its_directions)
      : l(in), cell(its_cell), gates(its_gates), directions(its_directions), x(l.numbers(steps * batch * input)) {
    OK(cudnnCreateRNNDescriptor(&how));
    OK(cudnnCreateRNNDataDescriptor(&x_of));
    OK(cudnnCreateRNNDataDescriptor(&y_of));
    l.at_end([how_ = how, x_ = x_of, y_ = y_of] {
      OK(cudnnDestroyRNNDescriptor(how_));
      OK(cudnnDestroyRNNDataDescriptor(x_));
      OK(cudnnDestroyRNNDataDescriptor(y_));
    });
    OK(set(CUDNN_RNN_PADDED_IO_ENABLED));
    describe(x_of, input);
    describe(y_of, hidden * directions);
    std::size_t bytes = 0;
    OK(cudnnGetRNNWeightSpaceSize(l.dnn, how, &bytes));
    weights = l.numbers(bytes / sizeof(float));
  }
  cudnnStatus_t set(std::uint32_t flags) const {
    return cudnnSetRNNDescriptor_v8(how, CUDNN_RNN_ALGO_STANDARD, cell, CUDNN_RNN_DOUBLE_BIAS,
                                    directions == 2 ? CUDNN_BIDIRECTIONAL : CUDNN_UNIDIRECTIONAL, CUDNN_LINEAR_INPUT,
                                    CUDNN_DATA_FLOAT, CUDNN_DATA_FLOAT, CUDNN_FMA_MATH, input, hidden, hidden, 1,
                                    nullptr, flags);
  }
  void describe(cudnnRNNDataDescriptor_t d, int width) {
    OK(cudnnSetRNNDataDescriptor(d, CUDNN_DATA_FLOAT, CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED, steps, batch, width,
                                 lengths.data(), &padding));
  }

  /// A row of matrix `id` of a direction times `v`, and its bias.
  double row(int direction, int id, int unit, const double* v, int count) const {
    auto* matrix_of = l.tensor(1, 1, 1, 1);
    auto* bias_of = l.tensor(1, 1, 1, 1);
    void* matrix = nullptr;
    void* bias = nullptr;
    OK(cudnnGetRNNWeightParams(l.dnn, how, direction, weights.size() * sizeof(float), weights.data(), id, matrix_of,
                               &matrix, bias_of, &bias));
    cudnnDataType_t type{};
    int axes = 0;
    int dims[3] = {};
    int strides[3] = {};
    OK(cudnnGetTensorNdDescriptor(matrix_of, 3, &type, &axes, dims, strides));
    EXPECT(axes == 3 && dims[1] == hidden && dims[2] == count);
    double sum = static_cast<float*>(bias)[unit];
    for (int i = 0; i < count; ++i)
      sum += v[i] * static_cast<float*>(matrix)[unit * count + i];
    return sum;
  }
  double next(int direction, int unit, const std::vector<double>& in, const std::vector<double>& h, double& c) const {
    auto from_x = [&](int g) { return row(direction, g, unit, in.data(), input); };
    auto from_h = [&](int g) { return row(direction, gates + g, unit, h.data(), hidden); };
    auto both = [&](int g) { return from_x(g) + from_h(g); };
    switch (cell) {
    case CUDNN_RNN_RELU: return std::max(0.0, both(0));
    case CUDNN_RNN_TANH: return std::tanh(both(0));
    case CUDNN_LSTM:
      c = sigmoid(both(1)) * c + sigmoid(both(0)) * std::tanh(both(2));
      return sigmoid(both(3)) * std::tanh(c);
    default: {
      const auto update = sigmoid(both(1));
      const auto fresh = std::tanh(from_x(2) + sigmoid(both(0)) * from_h(2));
      return (1 - update) * fresh + update * h[static_cast<std::size_t>(unit)];
    }
    }
  }
  std::vector<float> expected(std::vector<float>& last) const {
    const int width = hidden * directions;
    std::vector<float> y(static_cast<std::size_t>(steps * batch * width), padding);
    for (int d = 0; d < directions; ++d)
      for (int b = 0; b < batch; ++b) {
        std::vector<double> h(hidden, 0.0);
        std::vector<double> c(hidden, 0.0);
        const int length = lengths[static_cast<std::size_t>(b)];
        for (int i = 0; i < length; ++i) {
          const int t = d == 0 ? i : length - 1 - i;
          const auto from = x.begin() + (t * batch + b) * input;
          const std::vector<double> in(from, from + input);
          const auto before = h;
          for (int u = 0; u < hidden; ++u) {
            const auto at = static_cast<std::size_t>(u);
            h[at] = next(d, u, in, before, c[at]);
            y[static_cast<std::size_t>((t * batch + b) * width + d * hidden + u)] = static_cast<float>(h[at]);
          }
        }
        for (auto v : h)
          last.push_back(static_cast<float>(v));
      }
    return y;
  }
  cudnnStatus_t forward(float* y, float* hy) {
    std::size_t bytes = 0;
    OK(cudnnGetRNNTempSpaceSizes(l.dnn, how, CUDNN_FWD_MODE_INFERENCE, x_of, &bytes, nullptr));
    cudnnTensorDescriptor_t state = l.tensor(1, 1, 1, 1);
    const int dims[] = {directions, batch, hidden};
    const int strides[] = {batch * hidden, hidden, 1};
    OK(cudnnSetTensorNdDescriptor(state, CUDNN_DATA_FLOAT, 3, dims, strides));
    return cudnnRNNForward(l.dnn, how, CUDNN_FWD_MODE_INFERENCE, nullptr, x_of, l.put(x), y_of, y, state, nullptr, hy,
                           state, nullptr, nullptr, weights.size() * sizeof(float), l.put(weights), bytes,
                           l.floats(bytes / sizeof(float)), 0, nullptr);
  }
};

} // namespace

TEST_CASE("cuDNN's recurrent layers follow their formulas in both directions", "[cuda]") {
  struct kind_of_cell {
    cudnnRNNMode_t mode;
    int gates;
  };
  for (auto [mode, gates] : {kind_of_cell{CUDNN_RNN_RELU, 1}, {CUDNN_RNN_TANH, 1}, {CUDNN_LSTM, 4}, {CUDNN_GRU, 3}})
    for (int directions : {1, 2})
      works([=, m = mode, g = gates](lab& l) {
        layer r(l, m, g, directions);
        std::vector<float> last;
        const auto expected = r.expected(last);
        auto* y = l.floats(expected.size());
        auto* hy = l.floats(last.size());
        OK(r.forward(y, hy));
        EXPECT(alike(l.get(y, expected.size()), expected));
        EXPECT(alike(l.get(hy, last.size()), last));
      });
}

TEST_CASE("cuDNN's recurrent layers refuse what is not supported", "[cuda]") {
  works([](lab& l) {
    layer r(l, CUDNN_LSTM, 4, 1);
    auto* y = l.floats(steps * batch * hidden);
    auto* hy = l.floats(batch * hidden);
    OK(r.set(CUDNN_RNN_PADDED_IO_DISABLED));
    EXPECT(r.forward(y, hy) == CUDNN_STATUS_NOT_SUPPORTED); // rows of one length
    OK(r.set(CUDNN_RNN_PADDED_IO_ENABLED));
    OK(r.forward(y, hy));
    r.weights.pop_back();
    EXPECT(r.forward(y, hy) == CUDNN_STATUS_BAD_PARAM);
    EXPECT(cudnnSetRNNDataDescriptor(r.x_of, CUDNN_DATA_HALF, CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED, steps, batch,
                                     input, r.lengths.data(), nullptr)
           == CUDNN_STATUS_NOT_SUPPORTED);
  });
}
