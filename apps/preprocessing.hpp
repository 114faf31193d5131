#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "apps/image.hpp"
#include "metadata/model.hpp"

namespace baton::apps {

enum class picture_channels : std::uint8_t { grey, rgb, bgr };
enum class picture_layout : std::uint8_t { nchw, nhwc };

/// What happens to a picture before a model sees it: resize, cut out the middle, (x / scale - mean) / std, lay out.
struct preprocessing {
  std::string name;                   ///< "unit", "imagenet", ..., or "custom"
  std::optional<int> shorter_side;    ///< resized to this, the longer side in proportion (rounded down)
  std::optional<picture_size> resize; ///< resized to exactly this
  std::optional<picture_size> crop;
  picture_filter filter = picture_filter::area;
  picture_channels channels = picture_channels::rgb;
  picture_layout layout = picture_layout::nchw;
  float scale = 255;
  std::array<float, 3> mean{0, 0, 0}; ///< in the order of `channels`; of grey the first counts
  std::array<float, 3> std{1, 1, 1};
};

/// The names that `choose_preprocessing` knows, with what they mean, for help texts.
inline constexpr const char* preprocessing_help =
    "What is done to pictures: unit (resize to the input, x/255; the default), raw (0 to 255), signed (-1 to 1),\n"
    "imagenet (shorter side to 256 for an input of 224, centre crop, ImageNet's mean and std), or a list such as\n"
    "resize=256,crop=224,filter=bilinear,channels=rgb,scale=255,mean=0.485:0.456:0.406,std=0.229:0.224:0.225,layout="
    "nchw\n"
    "(sizes: 256 is a shorter side or a square, 320x240 width and height; resize=none)";

/// How pictures become the input `v` of `m`, [N,C,H,W] or [N,H,W,C] with 1 or 3 channels: `text` as in
/// `preprocessing_help`; what it leaves open, and all if it is empty, follows from the input's shape.
/// Errors: `bad_argument` naming the input or the part of `text`.
expected<preprocessing> choose_preprocessing(const metadata::model& m, const metadata::value& v,
                                             const std::string& text);

/// "resized to 224x224 (bilinear), RGB, (x/255 - mean)/std ..., NCHW". `from` and `to` are sizes before and after.
std::string describe(const preprocessing& p, picture_size from, picture_size to);

/// Pictures as one batch, and a line on each for people to read.
struct picture_batch {
  metadata::tensor pixels;
  std::vector<std::string> notes;
};
/// Reads the files, one row of the batch each, as elements of `v`: float32, or uint8 where `p` leaves 0 to 255.
/// Errors: those of `read_picture`, `resized` and `centre_cropped`; `bad_argument` if the pictures end up with
/// different sizes or the element type is another; each names the file.
expected<picture_batch> read_pictures(const std::vector<std::string>& files, const preprocessing& p,
                                      const metadata::value& v);

} // namespace baton::apps
