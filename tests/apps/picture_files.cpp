#include "picture_files.hpp"

#include <span>

#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#include <stb/stb_image_write.h>

namespace baton::testing {

namespace {

void append(void* to, void* data, int size) {
  static_cast<std::string*>(to)->append(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

} // namespace

apps::picture patterned(apps::picture_size size, int channels) {
  apps::picture p{size, channels, {}};
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x)
      for (int c = 0; c < channels; ++c)
        p.pixels.push_back(static_cast<std::uint8_t>((x * 37 + y * 59 + c * 83 + x * y * 7) % 256));
  return p;
}

std::string png_of(const apps::picture& p) {
  std::string bytes;
  stbi_write_png_to_func(append, &bytes, p.size.width, p.size.height, p.channels, p.pixels.data(), 0);
  return bytes;
}

std::string jpeg_of(const apps::picture& p) {
  std::string bytes;
  stbi_write_jpg_to_func(append, &bytes, p.size.width, p.size.height, p.channels, p.pixels.data(), 95);
  return bytes;
}

std::string png_claiming(std::uint32_t width, std::uint32_t height) {
  auto bytes = png_of(patterned({1, 1}, 1));
  const auto put = [&](std::size_t at, std::uint32_t n) {
    for (std::size_t i = 0; i < 4; ++i)
      bytes[at + i] = static_cast<char>(n >> (24 - 8 * i));
  };
  put(16, width); // behind 8 bytes of magic, length and name of the header
  put(20, height);
  return bytes;
}

expected<apps::picture> decode(const std::string& bytes, int channels) {
  return apps::decode_picture(std::as_bytes(std::span{bytes}), channels, "test.png: ");
}

} // namespace baton::testing
