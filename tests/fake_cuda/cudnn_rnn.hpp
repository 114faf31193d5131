#pragma once

#include <cstdint>
#include <vector>

#include "tests/fake_cuda/cudnn.hpp"

namespace fake_cuda::dnn {

struct recurrent {
  bool set = false;
  cudnnRNNMode_t cell = CUDNN_LSTM;
  cudnnRNNBiasMode_t bias = CUDNN_RNN_DOUBLE_BIAS;
  int directions = 1;
  int input = 0;
  int hidden = 0;
  int layers = 0;
  bool padded = false; ///< sequences lie in rows of one length

  int gates() const { return cell == CUDNN_LSTM ? 4 : cell == CUDNN_GRU ? 3 : 1; }
  bool has_input_bias() const { return bias == CUDNN_RNN_SINGLE_INP_BIAS || bias == CUDNN_RNN_DOUBLE_BIAS; }
  bool has_recurrent_bias() const { return bias == CUDNN_RNN_SINGLE_REC_BIAS || bias == CUDNN_RNN_DOUBLE_BIAS; }
  int pseudo_layers() const { return layers * directions; }
  int input_of(int pseudo_layer) const { return pseudo_layer < directions ? input : hidden * directions; }
};

/// Sequences of a batch.
struct sequences {
  bool set = false;
  cudnnRNNDataLayout_t layout = CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED;
  int steps = 0;
  int batch = 0;
  int width = 0;
  std::vector<int> lengths;
  bool fills = false; ///< what is behind a sequence's end gets `padding`
  float padding = 0;

  bool is_packed() const { return layout == CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_PACKED; }
  /// Of the vector of one step of one sequence, in floats.
  std::size_t at(int step, int sequence) const;
  std::size_t extent() const;
};

/// Where the weights of one pseudo layer lie in the weight space, in floats. First all matrices, [hidden, columns],
/// input's before recurrent ones; behind those of all layers, the biases.
struct weight_places {
  weight_places(const recurrent& r, int pseudo_layer);
  /// By gate; those of the state follow those of the input.
  std::size_t matrix(int id) const;
  std::size_t bias(int id) const; ///< @pre has_bias(id)
  bool has_bias(int id) const;
  int columns(int id) const;

private:
  const recurrent& of_;
  int input_;
  std::size_t matrices_ = 0;
  std::size_t biases_ = 0;
};

/// Floats of the weight space.
std::size_t weight_count(const recurrent& r);
/// Floats that a forward pass works with: two layers' outputs.
std::size_t workspace_count(const recurrent& r, const sequences& x);

/// What a forward pass is given. Null pointers are those that the caller may leave out.
struct recurrent_data {
  const float* x = nullptr;
  float* y = nullptr;
  const float* h_before = nullptr;
  const float* c_before = nullptr;
  float* h_after = nullptr;
  float* c_after = nullptr;
  const float* weights = nullptr;
  float* workspace = nullptr;
};

/// On a stream's thread.
void run(const recurrent& r, const sequences& x, const sequences& y, const recurrent_data& data);

} // namespace fake_cuda::dnn
