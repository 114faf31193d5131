#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "metadata/model.hpp"
#include "metadata/shape_rules.hpp"

/// Models made in memory for tests, with seeded random weights held inline.
namespace baton::testing {

using model_ptr = std::shared_ptr<const metadata::model>;

struct conv_options {
  std::int64_t channels = 8; ///< of the output
  std::array<std::int64_t, 2> kernel{3, 3};
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};
  std::array<std::int64_t, 2> dilations{1, 1};
  std::int64_t groups = 1;
  bool bias = true;
  bool batch_norm = false;
  bool relu = false;
  metadata::value_index residual = metadata::none;
};

struct lstm_options {
  std::int64_t hidden = 8;
  bool bias = true;
  metadata::value_index h0 = metadata::none;
  metadata::value_index c0 = metadata::none;
  std::array<bool, 3> wanted{true, true, true}; ///< of y, y_h, y_c; the others are `none`
  metadata::recurrent_direction direction = metadata::recurrent_direction::forward;
  bool peepholes = false;
};

/// Of a GRU or plain RNN.
struct rnn_options {
  std::int64_t hidden = 8;
  metadata::recurrent_direction direction = metadata::recurrent_direction::forward;
  bool bias = true;
  metadata::value_index h0 = metadata::none;
  std::array<bool, 2> wanted{true, true};            ///< of y, y_h
  bool linear_before_reset = false;                  ///< of a GRU
  metadata::function act = metadata::function::tanh; ///< of a plain RNN
};

/// Adds layers one by one; shapes come from the shape rules. A mistake throws std::logic_error with the rule's text.
class model_builder {
public:
  using value_index = metadata::value_index;

  explicit model_builder(std::string name, std::uint64_t seed = 1);

  /// A new symbol; the first is the batch.
  metadata::dim symbol(const std::string& name);
  /// The batch axis is 0 if the leading extent is the first symbol.
  value_index input(const std::string& name, metadata::dims shape,
                    metadata::element_type type = metadata::element_type::float32);
  /// Uniform in [-spread, spread] around `center`.
  value_index weight(const std::vector<std::int64_t>& shape, float spread, float center = 0.0F);
  value_index integers(const std::vector<std::int64_t>& shape, const std::vector<std::int64_t>& elements);

  value_index conv(value_index x, const conv_options& options);
  value_index batch_norm(value_index x, bool relu = false);
  value_index relu(value_index x);
  value_index pool(value_index x, const metadata::pool_layer& attributes);
  value_index max_pool(value_index x, std::int64_t kernel, std::int64_t stride, std::int64_t pad = 0);
  value_index global_average_pool(value_index x);
  value_index linear(value_index x, std::int64_t features, bool relu = false, bool transposed_weight = false,
                     bool bias = true);
  value_index matmul(value_index a, value_index b, const metadata::matmul_layer& attributes = {});
  /// Two by two from the left; of at least two operands.
  value_index add(const std::vector<value_index>& operands, bool relu = false);
  value_index binary(metadata::binary_layer::kind op, value_index a, value_index b,
                     const metadata::activation& act = metadata::activation::none);
  value_index softmax(value_index x, std::uint32_t axis, bool flatten = false);
  value_index gather(value_index data, value_index indices, std::uint32_t axis = 0);
  value_index transpose(value_index x, const std::vector<std::uint32_t>& permutation);
  std::vector<value_index> lstm(value_index x, const lstm_options& options); ///< y, y_h, y_c
  std::vector<value_index> gru(value_index x, const rnn_options& options);   ///< y, y_h
  std::vector<value_index> rnn(value_index x, const rnn_options& options);   ///< y, y_h
  value_index copy(value_index x);
  /// An alias of `x` under another shape.
  value_index view(value_index x, metadata::dims shape);
  /// Any layer; `wanted[i]` false leaves output i out.
  std::vector<value_index> layer(const metadata::layer_attributes& attributes, std::vector<value_index> inputs,
                                 const std::vector<bool>& wanted = {});

  model_builder& output(value_index v, const std::string& name = {});

  const metadata::dims& shape(value_index v) const { return parts_.values[v].shape; }
  /// For tests that want to spoil something before `make`.
  metadata::model::parts& parts() { return parts_; }
  expected<model_ptr> try_build() const { return metadata::model::make(parts_); }
  /// Throws std::logic_error if the model is not valid.
  model_ptr build() const;

private:
  std::vector<value_index> one_state(const metadata::layer_attributes& attributes, std::int64_t gates, value_index x,
                                     const rnn_options& o);

  metadata::model::parts parts_;
  std::mt19937_64 random_;
};

/// An input called x of pictures, [n,c,h,w].
metadata::value_index image(model_builder& b, const metadata::dim& n, std::int64_t c, std::int64_t h, std::int64_t w);

/// image [N,1,8,8] -> two times conv, relu, max pool -> flatten -> linear -> softmax: probs [N,10]
model_ptr tiny_cnn(std::uint64_t seed = 1);
/// tokens int64 [N,S], below 32 -> embedding -> transpose -> LSTM -> last step -> linear: logits [N,5]
model_ptr tiny_lstm(std::uint64_t seed = 1);
/// image [N,3,16,16] -> stem -> three residual blocks with batch norm, one strided -> mean -> linear: logits [N,10]
model_ptr tiny_resnet(std::uint64_t seed = 1);

/// Seeded inputs that fit the model at these symbols: floating point uniform in [-1, 1], whole numbers valid as indices
/// of the gathers that read them.
std::vector<metadata::tensor> random_inputs(const metadata::model& m, const metadata::symbol_values& symbols,
                                            std::uint64_t seed = 1);

} // namespace baton::testing
