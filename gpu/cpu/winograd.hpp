#pragma once

#include <cstddef>
#include <limits>
#include <span>

namespace baton::gpu::cpu {

/// How pictures of channels lie: in floats. Blocks of channels are side by side.
struct picture_steps {
  std::size_t block = 0;      ///< channels; 4, 8 or a multiple of 16
  std::size_t from_block = 0; ///< to the next one
  std::size_t from_pixel = 0;
  std::size_t from_row = 0;
  std::size_t from_picture = 0;
};

/// A convolution of 3x3 with stride 1 by Winograd's transform, in float32: the source in tiles of (`tile` + 2) by as
/// many pixels, each transformed, multiplied place by place with the transformed weights, and transformed back to
/// `tile` by `tile` pixels of the result. Source: A. Lavin and S. Gray, Fast Algorithms for Convolutional Neural
/// Networks, arXiv:1509.09308, section 4.
///
/// The bits of a pixel depend on what it is computed from alone: neither on the number of pictures nor of threads.
struct winograd {
  std::size_t tile = 2; ///< 2 or 4
  std::size_t pictures = 1;
  std::size_t depth = 0;    ///< channels of the source, a multiple of 16
  std::size_t channels = 0; ///< of the result, a multiple of 16
  std::size_t height = 0;   ///< of the source
  std::size_t width = 0;
  std::size_t rows = 0; ///< of the result
  std::size_t columns = 0;
  std::size_t top = 0; ///< pads; those at the other ends follow
  std::size_t left = 0;
  picture_steps source;
  picture_steps target;
  bool adds = false;                                     ///< to what the target holds
  float least = -std::numeric_limits<float>::infinity(); ///< the result is clipped
  float most = std::numeric_limits<float>::infinity();
  std::size_t threads = 1; ///< for which there is scratch memory

  std::size_t places() const { return (tile + 2) * (tile + 2); }
  std::size_t tiles_of_picture() const { return ((rows + tile - 1) / tile) * ((columns + tile - 1) / tile); }
  std::size_t tiles() const { return pictures * tiles_of_picture(); }
  /// In floats.
  std::size_t weights() const { return places() * depth * channels; }
  std::size_t scratch() const;
};

/// Where they are, aligned as vectors are; no bias: null.
struct winograd_operands {
  const float* source;
  const float* weights; ///< transformed
  const float* bias;
  float* target;
  float* scratch;
};

/// `plain` is [channels, depth, 3, 3]. The result does not depend on the size and number of pictures: panels of 32
/// channels (the last one may have 16), each [places, depth, channels of the panel].
void transform_weights(const winograd& c, std::span<const float> plain, std::span<float> to);

/// On the threads of the calling one's team; allocates nothing.
void run(const winograd& c, const winograd_operands& o);

} // namespace baton::gpu::cpu
