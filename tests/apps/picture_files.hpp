#pragma once

#include <cstdint>
#include <string>

#include "apps/image.hpp"

/// PNG and JPEG files for tests, written by an encoder that is not the decoder's.
namespace baton::testing {

/// A picture whose pixels follow from their places.
apps::picture patterned(apps::picture_size size, int channels);
std::string png_of(const apps::picture& p);
std::string jpeg_of(const apps::picture& p);
/// The header of a PNG that claims this size, and no pixels.
std::string png_claiming(std::uint32_t width, std::uint32_t height);

/// Decodes bytes under the name "test.png".
expected<apps::picture> decode(const std::string& bytes, int channels);

} // namespace baton::testing
