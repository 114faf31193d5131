#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "metadata/dim.hpp"
#include "metadata/tensor.hpp"

/// The layer kinds. Each names its operands in the order of `layer::inputs`; `none` stands for an absent optional one.
/// Shapes are row-major; source of the semantics: ONNX operator specification, opsets 7-21.
namespace baton::metadata {

/// A function of one element; what `alpha` and `beta` are to it.
enum class function : std::uint8_t {
  none,         ///< x
  relu,         ///< max(x, 0)
  leaky_relu,   ///< x < 0 ? alpha x : x
  clip,         ///< min(max(x, alpha), beta)
  elu,          ///< x < 0 ? alpha (exp(x) - 1) : x
  sigmoid,      ///< 1 / (1 + exp(-x))
  tanh,         ///< the hyperbolic tangent
  hard_sigmoid, ///< min(max(alpha x + beta, 0), 1)
  hard_swish,   ///< x min(max(x / 6 + 1/2, 0), 1)
  gelu,         ///< x / 2 (1 + erf(x / sqrt(2)))
  gelu_tanh,    ///< its approximation by tanh
  erf,
  exp,
  sqrt,
  absolute,
  negative,
  power, ///< x^beta
};

/// A function with its parameters. As part of another layer it is applied last.
struct activation {
  function what = function::none;
  double alpha = 0.0;
  double beta = 0.0;

  static const activation none;
  static const activation relu;
  friend bool operator==(const activation&, const activation&) = default;
};
inline constexpr activation activation::none{};
inline constexpr activation activation::relu{function::relu};

/// "relu", "clip", ...
std::string_view to_string(function f);

/// Pads that make the result ceil(extent / stride) long, whatever the extent is; an odd one goes to the end (`upper`)
/// or the beginning (`lower`) of the axis.
enum class same_padding : std::uint8_t { none, upper, lower };

using value_index = std::uint32_t;
inline constexpr value_index none = std::numeric_limits<value_index>::max();

/// y = activation(bn(conv(x, w) + b) + residual). Operands: x [N,C,H,W], w [K,C/groups,R,S], b [K] or none,
/// residual [N,K,P,Q] or none, then batch norm's scale, bias, mean, variance [K], all four or all none. With batch norm
/// w and b are weights. A 1-d convolution is imported with H = R = 1.
struct conv_layer {
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0}; ///< top, left, bottom, right
  std::array<std::int64_t, 2> dilations{1, 1};
  std::int64_t groups = 1;
  float epsilon = 1e-5F; ///< of the folded batch norm
  activation act = activation::none;
  bool has_batch_norm = false;
  same_padding same = same_padding::none; ///< if not, `pads` are all 0
};

/// y = activation((x - mean) / sqrt(variance + epsilon) * scale + bias) over axis 1.
/// Operands: x [N,C,...], scale, bias, mean, variance [C].
struct batch_norm_layer {
  float epsilon = 1e-5F;
  activation act = activation::none;
};

/// Operands: x [N,C,H,W]. A window that `ceil_mode` adds and that would begin behind the input is left out.
struct pool_layer {
  enum class kind : std::uint8_t { max, average };
  kind mode = kind::max;
  std::array<std::int64_t, 2> kernel{1, 1};
  std::array<std::int64_t, 2> strides{1, 1};
  std::array<std::int64_t, 4> pads{0, 0, 0, 0};
  bool count_include_pad = false;
  bool ceil_mode = false;
  std::array<std::int64_t, 2> dilations{1, 1};
  same_padding same = same_padding::none; ///< if not, `pads` are all 0
};

/// y = mean of x over H and W, kept as 1x1. Operands: x [N,C,H,W].
struct global_average_pool_layer {};

/// y = activation(alpha * x * w + beta * b). Operands: x [M,K] (or [...,K]: leading axes are rows), w [K,N] or, with
/// `transposed_weight`, [N,K]; b broadcastable to y or none. Both w and b are weights.
struct linear_layer {
  float alpha = 1.0F;
  float beta = 1.0F;
  bool transposed_weight = false;
  activation act = activation::none;
};

/// y = a * b, batched and broadcast as numpy.matmul; `transpose_a/b` swap the last two axes first.
struct matmul_layer {
  bool transpose_a = false;
  bool transpose_b = false;
  float alpha = 1.0F;
};

/// Along `axis` (>= 0). With `flatten` (opset < 13) all axes from `axis` on are normalised together. With `logarithm`
/// the results' logarithms.
struct softmax_layer {
  std::uint32_t axis = 0;
  bool flatten = false;
  bool logarithm = false;
};

/// y = table rows picked along `axis`. Operands: data, indices (int64 or int32, negative counts from the end).
/// An index out of range fails the task with `bad_request`; it never reads outside.
struct gather_layer {
  std::uint32_t axis = 0;
};

struct transpose_layer {
  std::vector<std::uint32_t> permutation;
};

enum class recurrent_direction : std::uint8_t { forward, reverse, bidirectional };

/// D directions (2 if bidirectional, else 1); gates in ONNX order i, o, f, c; sigmoid, tanh, tanh. Each step of each
/// direction is a part, first all that go forward, and the carried state at a position inside the layer is h and c,
/// [N,H] each.
/// Operands: x [S,N,I], w [D,4H,I], r [D,4H,H], b [D,8H] or none, h0 [D,N,H] or none, c0 [D,N,H] or none,
/// peepholes [D,3H] (i, o, f) or none.
/// Outputs: y [S,D,N,H], y_h [D,N,H], y_c [D,N,H]; absent ones are `none`.
struct lstm_layer {
  std::int64_t hidden = 0;
  recurrent_direction direction = recurrent_direction::forward;
};

/// y = x, byte for byte: an output that would otherwise be an input, a constant or a second name of another output.
struct copy_layer {};

/// y = activation(a op b), numpy broadcasting of both. Any two operands of one numeric type, an activation only with
/// float32. Whole numbers wrap around; their quotient is rounded towards zero, and x / 0 is 0. `power` takes float32.
struct binary_layer {
  enum class kind : std::uint8_t { add, subtract, multiply, divide, power };
  kind op = kind::add;
  activation act = activation::none;
};

/// y = f(x) for each element. float32; relu, clip, absolute and negative take every numeric type.
struct unary_layer {
  activation f;
};

/// y = x as elements of another type: to whole numbers towards zero (what does not fit becomes the nearest that does,
/// NaN 0), between whole numbers modulo 2^n, to bool x != 0.
struct cast_layer {
  element_type to = element_type::float32;
};

/// y = all operands one behind the other along `axis`; any number of them, of one type.
struct concat_layer {
  std::uint32_t axis = 0;
};

/// y = x repeated to `shape`, by numpy broadcasting.
struct expand_layer {
  dims shape;
};

/// y[i] = x[start + i * step] along each axis, `count` elements. Where an extent is symbolic, whether that stays inside
/// of x is only known at a shape, and asked then.
struct slice_layer {
  struct range {
    dim start = 0;
    std::int64_t step = 1;
    dim count = 1;
    friend bool operator==(const range&, const range&) = default;
  };
  std::vector<range> axes;
};

/// y = x with `before` and `after` elements more along each axis.
struct pad_layer {
  enum class kind : std::uint8_t {
    constant, ///< `fill`: one element's bytes
    reflect,  ///< mirrored at the first and last element, which are not repeated
    edge,     ///< the first and last element repeated
  };
  kind mode = kind::constant;
  std::vector<std::int64_t> before;
  std::vector<std::int64_t> after;
  std::array<std::byte, 8> fill{};
};

/// y = mean of x over `axes` (ascending), which stay as extents of 1 or go.
struct reduce_mean_layer {
  std::vector<std::uint32_t> axes;
  bool keep_axes = true;
};

/// y = numbers known from the symbols alone, as extents of shapes are. No operands; int64 or int32.
struct shape_layer {
  element_type type = element_type::int64;
  std::vector<std::int64_t> shape;
  dims elements;
};

/// y = maximum of x over H and W, kept as 1x1. Operands: x [N,C,H,W].
struct global_max_pool_layer {};

/// y = x / (bias + alpha / size * sum of x^2 over channels c - (size-1)/2 to c + size/2)^beta. Operands: x [N,C,...].
struct lrn_layer {
  std::int64_t size = 1;
  float alpha = 1e-4F;
  float beta = 0.75F;
  float bias = 1.0F;
};

/// As `lstm_layer`, with gates z, r, h and the carried state h. With `linear_before_reset` r is applied to the whole
/// recurrent term of the hidden gate, bias included, else to h.
/// Operands: x [S,N,I], w [D,3H,I], r [D,3H,H], b [D,6H] or none, h0 [D,N,H] or none. Outputs: y [S,D,N,H], y_h
/// [D,N,H].
struct gru_layer {
  std::int64_t hidden = 0;
  recurrent_direction direction = recurrent_direction::forward;
  bool linear_before_reset = false;
};

/// As `gru_layer`, with one gate: h = act(x w^T + h r^T + b). Operands: x [S,N,I], w [D,H,I], r [D,H,H], b [D,2H] or
/// none, h0 [D,N,H] or none.
struct rnn_layer {
  std::int64_t hidden = 0;
  recurrent_direction direction = recurrent_direction::forward;
  function act = function::tanh; ///< tanh, relu or sigmoid
};

/// y = true wherever x has an element: the mask of a Dropout that drops nothing. Operands: x of any type.
struct all_true_layer {};

using layer_attributes =
    std::variant<conv_layer, batch_norm_layer, pool_layer, global_average_pool_layer, linear_layer, matmul_layer,
                 softmax_layer, gather_layer, transpose_layer, lstm_layer, copy_layer, //
                 binary_layer, unary_layer, cast_layer, concat_layer, expand_layer, slice_layer, pad_layer,
                 reduce_mean_layer, shape_layer, //
                 global_max_pool_layer, lrn_layer, gru_layer, rnn_layer, all_true_layer>;

/// One kernel call (or as many as it has parts).
struct layer {
  std::string name; ///< the first fused node's name, unique within the model
  layer_attributes attributes;
  std::vector<value_index> inputs;  ///< values of any origin, by role; `none` where absent
  std::vector<value_index> outputs; ///< by role; `none` where absent
  dim parts = 1;                    ///< how many parts it has
  dim state_bytes = 0;              ///< carried between its parts
};

/// 2 if bidirectional, else 1.
std::int64_t directions_of(recurrent_direction direction);

/// "conv", "linear", ...: the same words in tables, logs and the store.
std::string_view kind_name(const layer_attributes& attributes);

} // namespace baton::metadata
