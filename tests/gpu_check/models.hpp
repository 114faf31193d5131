#pragma once

#include <string>
#include <vector>

#include "tests/support/model_builder.hpp"

/// The models that are measured, made from seeds: the same bits wherever they are made, so that no file of them has to
/// travel.
namespace baton::gpu_check {

using testing::model_ptr;

struct measured_model {
  std::string name;
  model_ptr model;
  metadata::symbol_values symbols(std::int64_t batch) const;
};

/// image [N,3,224,224] -> ResNet-50 -> logits [N,1000].
/// Source: He et al., Deep Residual Learning for Image Recognition, table 1; strides in the 3x3 convolutions.
model_ptr resnet50();
/// x [32,N,256] -> LSTM of 512 -> last step -> linear: logits [N,10]. `compare.py` makes the same.
model_ptr lstm();
/// A chain of 16 convolutions, 64 channels to 64, on pictures of `side` x `side`: a task as long as the side says.
model_ptr pictures(std::int64_t side);

/// ResNet-50 and LSTM; `small`: models of the same layers, for where a card is only imitated.
const std::vector<measured_model>& measured_models(bool small);
/// Batch sizes that are measured.
const std::vector<std::int64_t>& measured_batches(bool small);

/// By name. Throws std::runtime_error.
const measured_model& measured(const std::string& name, bool small);

} // namespace baton::gpu_check
