#include <algorithm>
#include <cmath>

#include "tests/fake_cuda/cudnn_rnn.hpp"

/// The arithmetic of cuDNN's recurrent layers, and where it puts their weights.
namespace fake_cuda::dnn {
namespace {

std::size_t matrix_floats(const recurrent& r, int pseudo_layer) {
  return static_cast<std::size_t>(r.gates()) * static_cast<std::size_t>(r.hidden)
         * static_cast<std::size_t>(r.input_of(pseudo_layer) + r.hidden);
}

std::size_t bias_floats(const recurrent& r) {
  const int vectors = (r.has_input_bias() ? r.gates() : 0) + (r.has_recurrent_bias() ? r.gates() : 0);
  return static_cast<std::size_t>(vectors) * static_cast<std::size_t>(r.hidden);
}

std::size_t all_matrices(const recurrent& r, int pseudo_layers) {
  std::size_t total = 0;
  for (int i = 0; i < pseudo_layers; ++i)
    total += matrix_floats(r, i);
  return total;
}

float sigmoid(float v) {
  return 1 / (1 + std::exp(-v));
}

float relu(float v) {
  return v < 0 ? 0.0F : v;
}

/// One pseudo layer and its weights.
class cell {
public:
  cell(const recurrent& r, int pseudo_layer, const float* weights)
      : of_(r), places_(r, pseudo_layer), input_(r.input_of(pseudo_layer)), weights_(weights) {}

  /// One step of one sequence; `h` and `c` are its state.
  void step(const float* x, std::vector<float>& h, std::vector<float>& c) const {
    const auto before = h;
    for (int unit = 0; unit < of_.hidden; ++unit) {
      auto& mine = h[static_cast<std::size_t>(unit)];
      switch (of_.cell) {
      case CUDNN_RNN_RELU: mine = relu(both(0, unit, x, before)); break;
      case CUDNN_RNN_TANH: mine = std::tanh(both(0, unit, x, before)); break;
      case CUDNN_LSTM: mine = lstm(unit, x, before, c[static_cast<std::size_t>(unit)]); break;
      case CUDNN_GRU: mine = gru(unit, x, before); break;
      }
    }
  }

private:
  /// A row of matrix `id` times `v`, and its bias.
  float row(int id, int unit, const float* v, int count) const {
    const auto* w = weights_ + places_.matrix(id) + static_cast<std::size_t>(unit) * static_cast<std::size_t>(count);
    float sum = 0;
    for (int i = 0; i < count; ++i)
      sum += w[i] * v[i];
    return places_.has_bias(id) ? sum + weights_[places_.bias(id) + static_cast<std::size_t>(unit)] : sum;
  }
  float from_input(int gate, int unit, const float* x) const { return row(gate, unit, x, input_); }
  float from_state(int gate, int unit, const std::vector<float>& h) const {
    return row(of_.gates() + gate, unit, h.data(), of_.hidden);
  }
  float both(int gate, int unit, const float* x, const std::vector<float>& h) const {
    return from_input(gate, unit, x) + from_state(gate, unit, h);
  }
  /// Gates: input, forget, new memory, output.
  float lstm(int unit, const float* x, const std::vector<float>& h, float& c) const {
    c = sigmoid(both(1, unit, x, h)) * c + sigmoid(both(0, unit, x, h)) * std::tanh(both(2, unit, x, h));
    return sigmoid(both(3, unit, x, h)) * std::tanh(c);
  }
  /// Gates: reset, update, new memory.
  float gru(int unit, const float* x, const std::vector<float>& h) const {
    const float reset = sigmoid(both(0, unit, x, h));
    const float update = sigmoid(both(1, unit, x, h));
    const float fresh = std::tanh(from_input(2, unit, x) + reset * from_state(2, unit, h));
    return (1 - update) * fresh + update * h[static_cast<std::size_t>(unit)];
  }

  const recurrent& of_;
  weight_places places_;
  int input_;
  const float* weights_;
};

/// One pseudo layer's state of one sequence.
struct carried {
  carried(const recurrent& r, int pseudo_layer, int batch, int sequence)
      : size(static_cast<std::size_t>(r.hidden)),
        offset((static_cast<std::size_t>(pseudo_layer) * static_cast<std::size_t>(batch)
                + static_cast<std::size_t>(sequence))
               * size) {}
  std::vector<float> read(const float* all) const {
    return all ? std::vector<float>(all + offset, all + offset + size) : std::vector<float>(size, 0.0F);
  }
  void write(const std::vector<float>& from, float* all) const {
    if (all)
      std::copy(from.begin(), from.end(), all + offset);
  }
  std::size_t size;
  std::size_t offset;
};

void run_pseudo_layer(const recurrent& r, int pseudo_layer, const sequences& in, const float* from,
                      const sequences& out, float* to, const recurrent_data& data) {
  const cell one(r, pseudo_layer, data.weights);
  const int direction = pseudo_layer % r.directions;
  for (int b = 0; b < in.batch; ++b) {
    const carried state(r, pseudo_layer, in.batch, b);
    auto h = state.read(data.h_before);
    auto c = state.read(data.c_before);
    const int length = in.lengths[static_cast<std::size_t>(b)];
    for (int i = 0; i < length; ++i) {
      const int t = direction == 0 ? i : length - 1 - i;
      one.step(from + in.at(t, b), h, c);
      std::copy(h.begin(), h.end(), to + out.at(t, b) + direction * r.hidden);
    }
    state.write(h, data.h_after);
    if (r.cell == CUDNN_LSTM)
      state.write(c, data.c_after);
  }
}

void fill_padding(const sequences& y, float* to) {
  if (!y.fills || y.is_packed())
    return;
  for (int b = 0; b < y.batch; ++b)
    for (int t = y.lengths[static_cast<std::size_t>(b)]; t < y.steps; ++t)
      std::fill_n(to + y.at(t, b), y.width, y.padding);
}

} // namespace

// -- places -----------------------------------------------------------------------------------------------------------

std::size_t sequences::at(int step, int sequence) const {
  const auto size = static_cast<std::size_t>(width);
  if (layout == CUDNN_RNN_DATA_LAYOUT_BATCH_MAJOR_UNPACKED)
    return (static_cast<std::size_t>(sequence) * static_cast<std::size_t>(steps) + static_cast<std::size_t>(step))
           * size;
  if (!is_packed())
    return (static_cast<std::size_t>(step) * static_cast<std::size_t>(batch) + static_cast<std::size_t>(sequence))
           * size;
  std::size_t before = static_cast<std::size_t>(sequence);
  for (int length : lengths)
    before += static_cast<std::size_t>(std::min(length, step));
  return before * size;
}

std::size_t sequences::extent() const {
  if (!is_packed())
    return static_cast<std::size_t>(steps) * static_cast<std::size_t>(batch) * static_cast<std::size_t>(width);
  std::size_t vectors = 0;
  for (int length : lengths)
    vectors += static_cast<std::size_t>(length);
  return vectors * static_cast<std::size_t>(width);
}

weight_places::weight_places(const recurrent& r, int pseudo_layer)
    : of_(r), input_(r.input_of(pseudo_layer)), matrices_(all_matrices(r, pseudo_layer)),
      biases_(all_matrices(r, r.pseudo_layers()) + static_cast<std::size_t>(pseudo_layer) * bias_floats(r)) {}

int weight_places::columns(int id) const {
  return id < of_.gates() ? input_ : of_.hidden;
}

std::size_t weight_places::matrix(int id) const {
  const auto hidden = static_cast<std::size_t>(of_.hidden);
  const auto input_matrix = hidden * static_cast<std::size_t>(input_);
  const int gates = of_.gates();
  return matrices_ + static_cast<std::size_t>(std::min(id, gates)) * input_matrix
         + static_cast<std::size_t>(std::max(0, id - gates)) * hidden * hidden;
}

bool weight_places::has_bias(int id) const {
  return id < of_.gates() ? of_.has_input_bias() : of_.has_recurrent_bias();
}

std::size_t weight_places::bias(int id) const {
  const int vector = of_.has_input_bias() ? id : id - of_.gates();
  return biases_ + static_cast<std::size_t>(vector) * static_cast<std::size_t>(of_.hidden);
}

std::size_t weight_count(const recurrent& r) {
  return all_matrices(r, r.pseudo_layers()) + static_cast<std::size_t>(r.pseudo_layers()) * bias_floats(r);
}

std::size_t workspace_count(const recurrent& r, const sequences& x) {
  return 2 * static_cast<std::size_t>(x.steps) * static_cast<std::size_t>(x.batch)
         * static_cast<std::size_t>(r.hidden * r.directions);
}

void run(const recurrent& r, const sequences& x, const sequences& y, const recurrent_data& data) {
  auto between = y; // a layer's output that is not the last
  auto in = x;
  const auto* from = data.x;
  for (int layer = 0; layer < r.layers; ++layer) {
    const bool last = layer == r.layers - 1;
    auto* to = last ? data.y : data.workspace + static_cast<std::size_t>(layer % 2) * workspace_count(r, x) / 2;
    for (int d = 0; d < r.directions; ++d)
      run_pseudo_layer(r, layer * r.directions + d, in, from, last ? y : between, to, data);
    from = to;
    in = between;
  }
  fill_padding(y, data.y);
}

} // namespace fake_cuda::dnn
