#include "metadata/defaults.hpp"
#include "metadata/importer/operators.hpp"

namespace baton::metadata::importer {

void import_batch_normalization(node& n) {
  n.demand_operands(5, 5);
  batch_norm_layer a;
  a.epsilon = n.attrs().real("epsilon", a.epsilon);
  demand(a.epsilon >= 0.0F, "its epsilon must not be negative");
  n.attrs().ignore("momentum");
  demand(n.attrs().flag("spatial", true), "spatial = 0 is not supported");
  demand(!n.attrs().flag("training_mode", false), "training_mode is not supported");
  n.emit(a, {n.operand(0), n.operand(1), n.operand(2), n.operand(3), n.operand(4)});
}

namespace {

void import_softmax_as(node& n, bool logarithm) {
  n.demand_operands(1, 1);
  const auto old = n.in().opset() < 13;
  const auto rank = n.shape(0).size();
  softmax_layer a;
  a.axis = n.axis(n.attrs().integer("axis", old ? 1 : -1, INT32_MIN, INT32_MAX), rank);
  a.flatten = old && a.axis + 1 < rank; // over the last axis both are the same
  a.logarithm = logarithm;
  n.emit(a, {n.operand(0)});
}

} // namespace

void import_softmax(node& n) {
  import_softmax_as(n, false);
}

void import_log_softmax(node& n) {
  import_softmax_as(n, true);
}

void import_lrn(node& n) {
  n.demand_operands(1, 1);
  lrn_layer a;
  demand(n.attrs().find("size", onnx::AttributeProto::INT) != nullptr, "attribute 'size' is missing");
  a.size = n.attrs().integer("size", a.size, 1, defaults::max_attribute);
  a.alpha = n.attrs().real("alpha", a.alpha);
  a.beta = n.attrs().real("beta", a.beta);
  a.bias = n.attrs().real("bias", a.bias);
  n.emit(a, {n.operand(0)});
}

} // namespace baton::metadata::importer
