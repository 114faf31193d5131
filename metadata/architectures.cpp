#include "metadata/architectures.hpp"

#include <array>

namespace baton::metadata {

namespace {

constexpr std::uint64_t float_bytes = 4;
/// Elements of a picture, or of what a layer makes of one.
constexpr std::uint64_t square(std::uint64_t channels, std::uint64_t extent) {
  return channels * extent * extent;
}
constexpr std::uint64_t picture = square(3, 224);

/// Weights of a convolution and its batch norm (scale, shift, mean, variance).
constexpr std::uint64_t conv_norm(std::uint64_t in, std::uint64_t out, std::uint64_t kernel) {
  return in * out * kernel * kernel + 4 * out;
}
/// With a bias.
constexpr std::uint64_t conv(std::uint64_t in, std::uint64_t out, std::uint64_t kernel) {
  return in * out * kernel * kernel + out;
}
constexpr std::uint64_t linear(std::uint64_t in, std::uint64_t out) {
  return in * out + out;
}

architecture_sizes in_bytes(std::uint64_t weights, std::vector<std::uint64_t> live) {
  for (auto& x : live)
    x *= float_bytes;
  return {weights * float_bytes, std::move(live)};
}

/// One stage of two blocks; appends the live set at the start of each of its layers but the first, and at its end.
class resnet_stage {
public:
  resnet_stage(std::uint64_t in, std::uint64_t out, std::uint64_t extent)
      : in_(in), out_(out), y_(square(out, extent)) {}

  std::uint64_t weights() const {
    const auto convs = conv_norm(in_, out_, 3) + 3 * conv_norm(out_, out_, 3);
    return shortcut() ? convs + conv_norm(in_, out_, 1) : convs;
  }
  void append_live(std::vector<std::uint64_t>& live) const {
    const auto x = live.back();
    for (int layer = 0; layer < 4; ++layer) // behind conv, norm, relu, conv
      live.push_back(x + y_);
    if (shortcut()) {
      live.push_back(x + y_);  // behind norm
      live.push_back(y_ + y_); // behind the shortcut's conv
    }
    live.push_back(y_); // behind norm and sum
    live.push_back(y_); // behind relu
    for (int layer = 0; layer < 4; ++layer)
      live.push_back(y_ + y_);
    live.push_back(y_);
    live.push_back(y_);
  }

private:
  bool shortcut() const { return in_ != out_; }

  std::uint64_t in_;
  std::uint64_t out_;
  std::uint64_t y_; ///< elements of an output
};

} // namespace

architecture_sizes alexnet_sizes() {
  const std::uint64_t c1 = square(64, 55);
  const std::uint64_t p1 = square(64, 27);
  const std::uint64_t c2 = square(192, 27);
  const std::uint64_t p2 = square(192, 13);
  const std::uint64_t c3 = square(384, 13);
  const std::uint64_t c4 = square(256, 13);
  const std::uint64_t p5 = square(256, 6);
  const auto weights = conv(3, 64, 11) + conv(64, 192, 5) + conv(192, 384, 3) + conv(384, 256, 3) + conv(256, 256, 3)
                       + linear(p5, 4096) + linear(4096, 4096) + linear(4096, 1000);
  return in_bytes(weights, {picture, c1, c1, p1, c2, c2,   p2,   c3,   c3,   c4,   c4, //
                            c4,      c4, p5, p5, p5, 4096, 4096, 4096, 4096, 4096, 1000});
}

architecture_sizes resnet18_sizes() {
  const std::uint64_t stem = square(64, 112);
  std::vector<std::uint64_t> live{picture, stem, stem, stem, square(64, 56)};
  auto weights = conv_norm(3, 64, 7) + linear(512, 1000);
  for (const auto& stage : std::array{resnet_stage{64, 64, 56}, resnet_stage{64, 128, 28}, resnet_stage{128, 256, 14},
                                      resnet_stage{256, 512, 7}}) {
    weights += stage.weights();
    stage.append_live(live);
  }
  live.push_back(512);
  live.push_back(1000);
  return in_bytes(weights, std::move(live));
}

architecture_sizes rnn_sizes() {
  const auto lstm = [](std::uint64_t in, std::uint64_t hidden) { return 4 * hidden * (in + hidden + 2); };
  return in_bytes(lstm(28, 128) + lstm(128, 128) + linear(128, 10), {square(1, 28), square(1, 28), 128, 10});
}

} // namespace baton::metadata
