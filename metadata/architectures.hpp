#pragma once

#include <cstdint>
#include <vector>

/// Sizes of the models of `measured_models`, in float32, by the layers that were measured.
namespace baton::metadata {

struct architecture_sizes {
  std::uint64_t weight_bytes = 0;
  /// At the start of each layer, of one row, and at the end: what is still to be read.
  std::vector<std::uint64_t> live_bytes;
};

/// Of 224 x 224 pictures, as torchvision has it: Krizhevsky, "One weird trick for parallelizing convolutional neural
/// networks", 2014. 61,100,840 weights.
architecture_sizes alexnet_sizes();

/// Of 224 x 224 pictures: He et al., "Deep residual learning for image recognition", 2016, table 1; it is the one with
/// 20 convolutions (3 of them in shortcuts), as were measured. 11,689,512 weights, and the means and variances of 4,800
/// channels. In a block with a shortcut the measured order is that of its file: both convolutions, then the shortcut's.
architecture_sizes resnet18_sizes();

/// An LSTM of 2 layers of 128 over 28 steps of 28 numbers (a digit's rows), and a linear layer from the last step to 10
/// classes: 212,992 + 1,290 weights. No source names it; its first measured row fills 4 x 53,248 numbers, just the
/// LSTM's weights. The 28 steps are the customary ones.
architecture_sizes rnn_sizes();

} // namespace baton::metadata
