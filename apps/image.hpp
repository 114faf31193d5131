#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "metadata/error.hpp"

namespace baton::apps {

/// Width and height in pixels, in the order people say them: 640x427.
struct picture_size {
  int width = 0;
  int height = 0;
  friend bool operator==(const picture_size&, const picture_size&) = default;
};
/// "640x427".
std::string to_string(picture_size s);

/// Pixels of 8 bits, row by row from the top, channels interleaved: [height, width, channels].
struct picture {
  picture_size size;
  int channels = 0; ///< 1: grey, 3: red, green, blue
  std::vector<std::uint8_t> pixels;
};

/// How a new pixel is made of old ones. Both are antialiased: a smaller picture's pixel is made of all it covers.
enum class picture_filter : std::uint8_t {
  bilinear, ///< a triangle, as wide as two old pixels or two new ones, whichever is wider; Pillow's BILINEAR
  area,     ///< the mean of the area covered
};

/// Whether the bytes begin like a PNG or JPEG file.
bool looks_like_picture(std::span<const std::byte> start);

/// Decodes a PNG or JPEG file, turned into `channels` (1 or 3). 16 bits become 8, transparency is left out, and a
/// camera's orientation mark is not followed. `who` begins each error's sentence. Errors: `bad_argument` (no such
/// picture, cut off, or more pixels than `defaults::picture_pixels`), `out_of_memory`.
expected<picture> decode_picture(std::span<const std::byte> bytes, int channels, const std::string& who);
/// The same from a file. Errors: also `not_found`, `io`; each names the file.
expected<picture> read_picture(const std::filesystem::path& file, int channels);

/// Stretches or shrinks to exactly `to`. Errors: `bad_argument` (more pixels than allowed).
expected<picture> resized(const picture& p, picture_size to, picture_filter how);
/// The middle of the picture; an odd pixel over is halved as torchvision's center_crop does it.
/// Errors: `bad_argument` if the picture is smaller than `to`.
expected<picture> centre_cropped(const picture& p, picture_size to);

} // namespace baton::apps
