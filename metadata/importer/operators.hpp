#pragma once

#include "metadata/importer/node.hpp"

namespace baton::metadata::importer {

/// Throws `problem`, naming the node, if its operator is not one of ours, whatever its operands are.
void demand_known_operator(const node_entry& entry);

/// Adds what one node stands for to the graph: layers, views, constants. Throws `problem`, naming the node.
/// @pre its operator is known
/// Source of the semantics: ONNX operator specification, opsets 7-21.
void import_node(graph& g, const node_entry& entry);

// One per operator; `import_node` names the node in what they throw.
void import_constant(node& n);
void import_identity(node& n);
void import_dropout(node& n);
void import_flatten(node& n);
void import_reshape(node& n);
void import_squeeze(node& n);
void import_conv(node& n);
void import_max_pool(node& n);
void import_average_pool(node& n);
void import_global_average_pool(node& n);
void import_batch_normalization(node& n);
void import_sum(node& n);
void import_softmax(node& n);
void import_gemm(node& n);
void import_mat_mul(node& n);
void import_gather(node& n);
void import_transpose(node& n);
void import_lstm(node& n);
// arithmetic and functions
void import_add(node& n);
void import_sub(node& n);
void import_mul(node& n);
void import_div(node& n);
void import_pow(node& n);
void import_abs(node& n);
void import_clip(node& n);
void import_elu(node& n);
void import_erf(node& n);
void import_exp(node& n);
void import_gelu(node& n);
void import_hard_sigmoid(node& n);
void import_hard_swish(node& n);
void import_leaky_relu(node& n);
void import_neg(node& n);
void import_relu(node& n);
void import_sigmoid(node& n);
void import_sqrt(node& n);
void import_tanh(node& n);
void import_reduce_mean(node& n);
// moving elements
void import_cast(node& n);
void import_concat(node& n);
void import_constant_of_shape(node& n);
void import_expand(node& n);
void import_pad(node& n);
void import_shape(node& n);
void import_slice(node& n);
void import_split(node& n);
void import_unsqueeze(node& n);
void import_global_max_pool(node& n);
void import_lrn(node& n);
void import_log_softmax(node& n);
void import_gru(node& n);
void import_rnn(node& n);

} // namespace baton::metadata::importer
