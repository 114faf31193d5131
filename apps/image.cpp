#include "apps/image.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <stb/stb_image.h>

#include "apps/defaults.hpp"
#include "apps/jpeg_check.hpp"
#include "apps/stb.hpp"
#include "metadata/sized_file.hpp"

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
bool is_cut_off(std::string_view file) {
  if (file.starts_with(png_magic))
    return file.find("IEND\xAE\x42\x60\x82") == file.npos; // the last chunk, always the same
  const auto end = file.rfind("\xFF\xD9");
  const auto scan = file.rfind("\xFF\xDA");
  return end == file.npos || (scan != file.npos && end < scan);
}

/// What a PNG's header says: stb would call a large one corrupt. Source: PNG (ISO/IEC 15948), 11.2.2.
std::optional<std::array<std::uint32_t, 2>> claimed_size(std::string_view png) {
  constexpr std::size_t at = 16;
  if (!png.starts_with(png_magic) || png.size() < at + 8)
    return std::nullopt;
  std::array<std::uint32_t, 2> size{};
  for (std::size_t i = 0; i < 8; ++i)
    size[i / 4] = size[i / 4] << 8U | static_cast<unsigned char>(png[at + i]);
  return size;
}

expected<void> check_pixels(std::int64_t width, std::int64_t height, const std::string& who) {
  if (width <= INT32_MAX && height <= INT32_MAX && width * height <= defaults::picture_pixels)
    return {};
  return fail(errc::bad_argument, fmt::format("{}a picture of {}x{} has more than {} pixels", who, width, height,
                                              defaults::picture_pixels));
}

/// The old pixels that one new pixel is made of, along one axis; the weights add up to 1.
struct contribution {
  int first = 0;
  std::vector<float> weights;
};

std::vector<contribution> contributions(int from, int to, picture_filter how) {
  const auto scale = static_cast<double>(from) / to;
  const auto reach = how == picture_filter::area ? scale / 2 : std::max(scale, 1.0);
  std::vector<contribution> all(static_cast<std::size_t>(to));
  for (int i = 0; i < to; ++i) {
    const auto centre = (i + 0.5) * scale;
    auto& c = all[static_cast<std::size_t>(i)];
    c.first = std::clamp(static_cast<int>(std::floor(centre - reach)), 0, from - 1);
    const auto last = std::clamp(static_cast<int>(std::ceil(centre + reach)) - 1, c.first, from - 1);
    double sum = 0;
    std::vector<double> weights;
    for (int j = c.first; j <= last; ++j) {
      const auto covered = std::min(j + 1.0, centre + reach) - std::max<double>(j, centre - reach);
      const auto triangle = 1 - std::abs(j + 0.5 - centre) / reach;
      weights.push_back(std::max(0.0, how == picture_filter::area ? covered : triangle));
      sum += weights.back();
    }
    for (const auto w : weights)
      c.weights.push_back(static_cast<float>(w / sum));
  }
  return all;
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
  if (const auto claimed = claimed_size(as_text(bytes)))
    if (auto good = check_pixels((*claimed)[0], (*claimed)[1], who); !good)
      return tl::unexpected(good.error());
  if (is_cut_off(as_text(bytes)))
    return fail(errc::bad_argument, who + "is cut off: the end of the picture is missing");
  if (as_text(bytes).starts_with(jpeg_magic) && !has_sound_huffman_tables(as_text(bytes)))
    return fail(errc::bad_argument, who + "cannot be decoded: a Huffman table has more than 256 codes");
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
  if (auto good = check_pixels(p.size.width, p.size.height, who); !good)
    return tl::unexpected(good.error());
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
  auto opened = metadata::open_sized(file);
  if (!opened)
    return tl::unexpected(opened.error());
  const auto size = opened->bytes;
  if (size > defaults::picture_bytes)
    return fail(errc::bad_argument, fmt::format("{}is larger than {} bytes", who, defaults::picture_bytes));
  try {
    std::vector<std::byte> bytes(size);
    if (!opened->in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size)))
      return fail(errc::io, who + "cannot be read");
    return decode_picture(bytes, channels, who);
  } catch (const std::bad_alloc&) {
    return fail(errc::out_of_memory, who + "no memory for it");
  }
}

// Not by stb_image_resize: the distribution's version 0.97 aborts on some ratios of sizes.
expected<picture> resized(const picture& p, picture_size to, picture_filter how) {
  if (auto good = check_pixels(to.width, to.height, ""); !good)
    return tl::unexpected(good.error());
  const auto channels = static_cast<std::size_t>(p.channels);
  const auto row_length = static_cast<std::size_t>(p.size.width) * channels;
  const auto rows = contributions(p.size.height, to.height, how);
  const auto columns = contributions(p.size.width, to.width, how);
  picture r{to, p.channels, {}};
  r.pixels.reserve(static_cast<std::size_t>(pixels_of(to)) * channels);
  std::vector<float> row(row_length); // of the old width, already of the new height
  for (const auto& from : rows) {
    std::fill(row.begin(), row.end(), 0.0F);
    for (std::size_t j = 0; j < from.weights.size(); ++j) {
      const auto* old = p.pixels.data() + (static_cast<std::size_t>(from.first) + j) * row_length;
      for (std::size_t i = 0; i < row_length; ++i)
        row[i] += from.weights[j] * static_cast<float>(old[i]);
    }
    for (const auto& c : columns)
      for (std::size_t channel = 0; channel < channels; ++channel) {
        const auto* old = row.data() + static_cast<std::size_t>(c.first) * channels + channel;
        float sum = 0;
        for (std::size_t j = 0; j < c.weights.size(); ++j)
          sum += c.weights[j] * old[j * channels];
        r.pixels.push_back(static_cast<std::uint8_t>(std::clamp(sum + 0.5F, 0.0F, 255.0F)));
      }
  }
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
