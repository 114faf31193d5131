#include "gpu/cpu/winograd.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <vector>

#include <catch2/catch.hpp>

using baton::gpu::cpu::picture_steps;
using baton::gpu::cpu::winograd;

namespace {

/// In blocks of so many channels, or with channels last (`block` 0).
picture_steps steps(std::size_t block, std::size_t channels, std::size_t height, std::size_t width) {
  picture_steps s{.block = block ? block : 16, .from_block = 16, .from_pixel = channels};
  if (block) {
    s.from_pixel = block;
    s.from_block = height * width * block;
  }
  s.from_row = width * s.from_pixel;
  s.from_picture = channels * height * width;
  return s;
}

std::size_t offset(const picture_steps& s, std::size_t picture, std::size_t channel, std::size_t row,
                   std::size_t column) {
  return picture * s.from_picture + channel / s.block * s.from_block + channel % s.block + row * s.from_row
         + column * s.from_pixel;
}

struct shape {
  std::size_t pictures, depth, channels, height, width, pad;
};

struct convolution_data {
  convolution_data(std::size_t tile, const shape& s, std::size_t block, std::size_t threads = 1) {
    c = {.tile = tile,
         .pictures = s.pictures,
         .depth = s.depth,
         .channels = s.channels,
         .height = s.height,
         .width = s.width,
         .rows = s.height + 2 * s.pad - 2,
         .columns = s.width + 2 * s.pad - 2,
         .top = s.pad,
         .left = s.pad,
         .threads = threads};
    c.source = steps(block, s.depth, s.height, s.width);
    c.target = steps(block, s.channels, c.rows, c.columns);
    source.resize(s.pictures * c.source.from_picture);
    plain.resize(s.channels * s.depth * 9);
    bias.resize(s.channels);
    before.resize(s.pictures * c.target.from_picture);
    std::mt19937 random{5};
    std::uniform_real_distribution<float> number{-1, 1};
    for (auto* all : {&source, &plain, &bias, &before})
      for (auto& x : *all)
        x = number(random);
  }

  std::vector<float> run() const {
    std::vector<float> weights(c.weights());
    transform_weights(c, plain, weights);
    std::vector<float> scratch(c.scratch(), NAN);
    auto target = before;
    baton::gpu::cpu::run(c, {source.data(), weights.data(), bias.data(), target.data(), scratch.data()});
    return target;
  }

  double expected(std::size_t picture, std::size_t channel, std::size_t row, std::size_t column) const {
    double sum = bias[channel];
    for (std::size_t d = 0; d < c.depth; ++d)
      for (std::size_t y = 0; y < 3; ++y)
        for (std::size_t x = 0; x < 3; ++x)
          if (row + y - c.top < c.height && column + x - c.left < c.width)
            sum += double{source[offset(c.source, picture, d, row + y - c.top, column + x - c.left)]}
                   * plain[((channel * c.depth + d) * 3 + y) * 3 + x];
    if (c.adds)
      sum += before[offset(c.target, picture, channel, row, column)];
    return std::clamp(sum, double{c.least}, double{c.most});
  }

  /// Root mean square of the difference over that of the result.
  double error(const std::vector<float>& result) const {
    double difference = 0;
    double size = 0;
    for (std::size_t n = 0; n < c.pictures; ++n)
      for (std::size_t k = 0; k < c.channels; ++k)
        for (std::size_t y = 0; y < c.rows; ++y)
          for (std::size_t x = 0; x < c.columns; ++x) {
            const auto wanted = expected(n, k, y, x);
            const auto d = result[offset(c.target, n, k, y, x)] - wanted;
            difference += d * d;
            size += wanted * wanted;
          }
    return std::sqrt(difference / size);
  }

  winograd c{};
  std::vector<float> source, plain, bias, before;
};

bool same_bits(const float* a, const float* b, std::size_t count) {
  return std::memcmp(a, b, count * sizeof(float)) == 0;
}

} // namespace

TEST_CASE("a convolution by Winograd's transform is that of the formula, at all edges and in all layouts", "[gpu]") {
  const auto tile = GENERATE(std::size_t{2}, std::size_t{4});
  const auto block = GENERATE(std::size_t{0}, std::size_t{4}, std::size_t{8}, std::size_t{16});
  const auto s = GENERATE(shape{1, 16, 16, 3, 3, 0}, shape{1, 16, 16, 1, 1, 1}, shape{1, 32, 48, 4, 5, 1},
                          shape{2, 16, 32, 7, 7, 1}, shape{1, 16, 16, 9, 6, 0}, shape{3, 16, 80, 13, 11, 1},
                          shape{1, 160, 32, 6, 6, 1}, shape{1, 16, 16, 5, 4, 2});
  convolution_data d(tile, s, block);
  CAPTURE(tile, block, s.depth, s.channels, s.height, s.width, s.pad);
  CHECK(d.error(d.run()) <= 2e-6);
}

TEST_CASE("a convolution by Winograd's transform adds and clips", "[gpu]") {
  convolution_data d(4, {1, 16, 16, 9, 9, 1}, 16);
  d.c.adds = true;
  d.c.least = -0.5F;
  d.c.most = 1.0F;
  const auto result = d.run();
  CHECK(d.error(result) <= 2e-6);
  CHECK(*std::min_element(result.begin(), result.end()) == -0.5F);
  CHECK(*std::max_element(result.begin(), result.end()) == 1.0F);
}

TEST_CASE("a picture's bits are the same alone, in a batch, and on any number of threads", "[gpu]") {
  const auto tile = GENERATE(std::size_t{2}, std::size_t{4});
  const auto side = GENERATE(std::size_t{7}, std::size_t{30}); // threads share the weights, or the tiles
  const convolution_data batch(tile, {3, 272, 80, side, side, 1}, 16);
  const auto together = batch.run();
  for (const std::size_t threads : {2, 3, 8}) {
    CAPTURE(tile, side, threads);
    const convolution_data shared(tile, {3, 272, 80, side, side, 1}, 16, threads);
    CHECK(same_bits(shared.run().data(), together.data(), together.size()));
  }
  for (std::size_t i = 0; i < 3; ++i) {
    convolution_data one(tile, {1, 272, 80, side, side, 1}, 16);
    one.plain = batch.plain;
    one.bias = batch.bias;
    const auto from = batch.source.begin() + static_cast<std::ptrdiff_t>(i * one.source.size());
    std::copy_n(from, one.source.size(), one.source.begin());
    CHECK(same_bits(one.run().data(), &together[i * one.before.size()], one.before.size()));
  }
}
