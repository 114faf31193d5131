#include "apps/image.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <new>
#include <string_view>

#include <fmt/format.h>
#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>

#include "apps/defaults.hpp"
#include "apps/stb.hpp"

namespace baton::apps {

namespace {

constexpr std::string_view png_magic = "\x89PNG\r\n\x1a\n";
constexpr std::string_view jpeg_magic = "\xFF\xD8\xFF";

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::int64_t pixels_of(picture_size s) {
  return std::int64_t{s.width} * s.height;
}

/// Lets stb allocate what a picture of that size may need, until the end of the scope.
class allowance {
public:
  allowance(picture_size s, std::size_t file_bytes) {
    // 16 bits of 4 channels, padded to whole JPEG blocks; stb doubles its buffer for compressed data as it fills.
    const auto padded = static_cast<std::size_t>(s.width + 64) * static_cast<std::size_t>(s.height + 64);
    stb_allocation_limit = std::max(8 * padded, 4 * file_bytes) + (std::size_t{64} << 10);
  }
  ~allowance() { stb_allocation_limit = 0; }
  allowance(const allowance&) = delete;
  allowance& operator=(const allowance&) = delete;
};

/// stb takes zeros for what is missing at a JPEG's end. The end marker must come behind the last start of a scan: in
/// between, the compressed data holds neither. Source: ITU-T T.81, B.1.1.
bool is_cut_off(std::string_view jpeg) {
  const auto end = jpeg.rfind("\xFF\xD9");
  const auto scan = jpeg.rfind("\xFF\xDA");
  return end == jpeg.npos || (scan != jpeg.npos && end < scan);
}

expected<void> check_pixels(picture_size s, const std::string& who) {
  if (pixels_of(s) <= defaults::picture_pixels)
    return {};
  return fail(errc::bad_argument,
              fmt::format("{}a picture of {} has more than {} pixels", who, to_string(s), defaults::picture_pixels));
}

} // namespace

std::string to_string(picture_size s) {
  return fmt::format("{}x{}", s.width, s.height);
}

bool looks_like_picture(std::span<const std::byte> start) {
  return as_text(start).starts_with(png_magic) || as_text(start).starts_with(jpeg_magic);
}

expected<picture> decode_picture(std::span<const std::byte> bytes, int channels, const std::string& who) {
  if (!looks_like_picture(bytes))
    return fail(errc::bad_argument, who + "is not a PNG or JPEG picture");
  if (bytes.size() > defaults::picture_bytes)
    return fail(errc::bad_argument, fmt::format("{}is larger than {} bytes", who, defaults::picture_bytes));
  const auto* data = reinterpret_cast<const stbi_uc*>(bytes.data());
  const auto length = static_cast<int>(bytes.size());
  picture p;
  int in_file = 0;
  const auto bad = [&] {
    return fail(errc::bad_argument, fmt::format("{}cannot be decoded: {}", who, stbi_failure_reason()));
  };
  {
    allowance some{{}, bytes.size()}; // the decoder's own state
    if (stbi_info_from_memory(data, length, &p.size.width, &p.size.height, &in_file) == 0)
      return bad();
  }
  if (auto good = check_pixels(p.size, who); !good)
    return tl::unexpected(good.error());
  if (as_text(bytes).starts_with(jpeg_magic) && is_cut_off(as_text(bytes)))
    return fail(errc::bad_argument, who + "is cut off: the end of the JPEG picture is missing");
  allowance enough{p.size, bytes.size()};
  std::unique_ptr<stbi_uc, decltype(&std::free)> decoded{
      stbi_load_from_memory(data, length, &p.size.width, &p.size.height, &in_file, channels), std::free};
  if (!decoded)
    return bad();
  p.channels = channels;
  p.pixels.assign(decoded.get(), decoded.get() + pixels_of(p.size) * channels);
  return p;
}

expected<picture> read_picture(const std::filesystem::path& file, int channels) {
  const auto who = file.string() + ": ";
  std::error_code failed;
  if (!std::filesystem::exists(file, failed))
    return fail(errc::not_found, who + "there is no such file");
  const auto size = std::filesystem::file_size(file, failed);
  std::ifstream in{file, std::ios::binary};
  if (failed || !in)
    return fail(errc::io, who + "cannot be read");
  if (size > defaults::picture_bytes)
    return fail(errc::bad_argument, fmt::format("{}is larger than {} bytes", who, defaults::picture_bytes));
  try {
    std::vector<std::byte> bytes(size);
    if (!in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size)))
      return fail(errc::io, who + "cannot be read");
    return decode_picture(bytes, channels, who);
  } catch (const std::bad_alloc&) {
    return fail(errc::out_of_memory, who + "no memory for it");
  }
}

expected<picture> resized(const picture& p, picture_size to, picture_filter how) {
  if (auto good = check_pixels(to, ""); !good)
    return tl::unexpected(good.error());
  const auto filter = how == picture_filter::area ? STBIR_FILTER_BOX : STBIR_FILTER_TRIANGLE;
  picture r{to, p.channels, std::vector<std::uint8_t>(static_cast<std::size_t>(pixels_of(to) * p.channels))};
  if (stbir_resize_uint8_generic(p.pixels.data(), p.size.width, p.size.height, 0, r.pixels.data(), to.width, to.height,
                                 0, p.channels, STBIR_ALPHA_CHANNEL_NONE, 0, STBIR_EDGE_CLAMP, filter,
                                 STBIR_COLORSPACE_LINEAR, nullptr)
      == 0)
    return fail(errc::out_of_memory, fmt::format("no memory to resize {} to {}", to_string(p.size), to_string(to)));
  return r;
}

expected<picture> centre_cropped(const picture& p, picture_size to) {
  if (p.size.width < to.width || p.size.height < to.height)
    return fail(errc::bad_argument,
                fmt::format("{} cannot be cut out of a picture of {}", to_string(to), to_string(p.size)));
  const auto middle = [](int from, int wanted) { return static_cast<int>(std::nearbyint((from - wanted) / 2.0)); };
  const auto left = middle(p.size.width, to.width);
  const auto top = middle(p.size.height, to.height);
  picture r{to, p.channels, {}};
  r.pixels.reserve(static_cast<std::size_t>(pixels_of(to) * p.channels));
  for (int y = 0; y < to.height; ++y) {
    const auto* row = p.pixels.data() + (std::int64_t{top + y} * p.size.width + left) * p.channels;
    r.pixels.insert(r.pixels.end(), row, row + std::int64_t{to.width} * p.channels);
  }
  return r;
}

} // namespace baton::apps
