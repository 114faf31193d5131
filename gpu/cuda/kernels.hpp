#pragma once

#include "gpu/cuda/layer_builder.hpp"
#include "metadata/layer.hpp"

/// How each layer kind is run on a GPU. One builder per kind, each in `<kind>_cuda.cu`; a new kind is one more line in
/// `build_layer` and here.
namespace baton::gpu::cuda {

void build_conv(layer_builder& b, const metadata::conv_layer& a);
void build_batch_norm(layer_builder& b, const metadata::batch_norm_layer& a);
void build_pool(layer_builder& b, const metadata::pool_layer& a);
void build_global_average_pool(layer_builder& b, const metadata::global_average_pool_layer& a);
void build_global_max_pool(layer_builder& b, const metadata::global_max_pool_layer& a);
void build_linear(layer_builder& b, const metadata::linear_layer& a);
void build_matmul(layer_builder& b, const metadata::matmul_layer& a);
void build_softmax(layer_builder& b, const metadata::softmax_layer& a);
void build_gather(layer_builder& b, const metadata::gather_layer& a);
void build_transpose(layer_builder& b, const metadata::transpose_layer& a);
void build_lstm(layer_builder& b, const metadata::lstm_layer& a);
void build_gru(layer_builder& b, const metadata::gru_layer& a);
void build_rnn(layer_builder& b, const metadata::rnn_layer& a);
void build_copy(layer_builder& b, const metadata::copy_layer& a);
void build_binary(layer_builder& b, const metadata::binary_layer& a);
void build_unary(layer_builder& b, const metadata::unary_layer& a);
void build_cast(layer_builder& b, const metadata::cast_layer& a);
void build_concat(layer_builder& b, const metadata::concat_layer& a);
void build_expand(layer_builder& b, const metadata::expand_layer& a);
void build_slice(layer_builder& b, const metadata::slice_layer& a);
void build_pad(layer_builder& b, const metadata::pad_layer& a);
void build_reduce_mean(layer_builder& b, const metadata::reduce_mean_layer& a);
void build_shape(layer_builder& b, const metadata::shape_layer& a);
void build_lrn(layer_builder& b, const metadata::lrn_layer& a);
void build_all_true(layer_builder& b, const metadata::all_true_layer& a);

/// Builds layer `index`. Throws `failure`, whose message names the layer.
built_layer build_layer(plan_draft& draft, std::uint32_t index);

} // namespace baton::gpu::cuda
