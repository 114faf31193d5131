#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "apps/defaults.hpp"
#include "apps/image.hpp"
#include "onnx_files.hpp"
#include "picture_files.hpp"

using namespace baton;
using namespace baton::apps;
using namespace baton::testing;
using Catch::Contains;

namespace {

/// Weight of old pixel `j` in new pixel `i`, along one axis of `from` old and `to` new ones.
double weight(int i, int j, double from, double to, picture_filter how) {
  const auto scale = from / to;
  const auto centre = (i + 0.5) * scale;
  if (how == picture_filter::area)
    return std::max(0.0, std::min(j + 1.0, centre + scale / 2) - std::max<double>(j, centre - scale / 2));
  const auto support = std::max(scale, 1.0);
  return std::max(0.0, 1 - std::abs(j + 0.5 - centre) / support);
}

/// One channel of one new pixel, by the definition: the weighted mean of all pixels there are.
double reference(const picture& p, picture_size to, int x, int y, int c, picture_filter how) {
  double sum = 0, weights = 0;
  for (int j = 0; j < p.size.height; ++j)
    for (int i = 0; i < p.size.width; ++i) {
      const auto w = weight(y, j, p.size.height, to.height, how) * weight(x, i, p.size.width, to.width, how);
      sum += w * p.pixels[static_cast<std::size_t>((j * p.size.width + i) * p.channels + c)];
      weights += w;
    }
  return sum / weights;
}

double largest_difference(const picture& p, picture_size to, picture_filter how) {
  const auto r = resized(p, to, how).value();
  REQUIRE(r.size == to);
  double worst = 0;
  std::size_t at = 0;
  for (int y = 0; y < to.height; ++y)
    for (int x = 0; x < to.width; ++x)
      for (int c = 0; c < p.channels; ++c)
        worst = std::max(worst, std::abs(r.pixels[at++] - reference(p, to, x, y, c, how)));
  return worst;
}

std::string refusal(const std::string& bytes) {
  const auto p = decode(bytes, 3);
  REQUIRE_FALSE(p);
  CHECK(p.error().code == errc::bad_argument);
  CHECK_THAT(p.error().message, Catch::StartsWith("test.png: "));
  CHECK(std::count(p.error().message.begin(), p.error().message.end(), '\n') == 0);
  return p.error().message;
}

} // namespace

TEST_CASE("A PNG gives back the very pixels, in colour and in grey", "[apps]") {
  for (const int channels : {1, 3})
    for (const auto size : {picture_size{1, 1}, picture_size{7, 3}, picture_size{64, 50}}) {
      const auto p = patterned(size, channels);
      const auto back = decode(png_of(p), channels).value();
      CHECK(back.size == size);
      CHECK(back.channels == channels);
      CHECK(back.pixels == p.pixels);
    }
  const auto grey = patterned({5, 4}, 1);
  const auto coloured = decode(png_of(grey), 3).value();
  for (std::size_t i = 0; i < grey.pixels.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c)
      CHECK(coloured.pixels[3 * i + c] == grey.pixels[i]);
  const auto transparent = decode(png_of(patterned({5, 4}, 4)), 3).value();
  CHECK(transparent.pixels.size() == 5 * 4 * 3);
}

TEST_CASE("A JPEG gives back about the same pixels", "[apps]") {
  picture p{{32, 24}, 3, {}};
  for (int i = 0; i < 32 * 24; ++i)
    p.pixels.insert(p.pixels.end(), {200, static_cast<std::uint8_t>(60 + i % 32), 30});
  const auto back = decode(jpeg_of(p), 3).value();
  REQUIRE(back.size == p.size);
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    REQUIRE(std::abs(back.pixels[i] - p.pixels[i]) <= 6);
}

TEST_CASE("A picture cut off anywhere gives one error", "[apps]") {
  for (const auto& whole : {png_of(patterned({9, 8}, 3)), jpeg_of(patterned({40, 33}, 3))})
    for (std::size_t n = 0; n < whole.size(); n += 3) {
      INFO(n << " of " << whole.size());
      refusal(whole.substr(0, n));
    }
  auto behind = jpeg_of(patterned({16, 16}, 3)) + "what a camera appends";
  CHECK(decode(behind, 3));
}

TEST_CASE("A flipped byte gives an error or a picture of the size it claims", "[apps]") {
  for (auto whole : {png_of(patterned({9, 8}, 3)), jpeg_of(patterned({40, 33}, 3))})
    for (std::size_t at = 0; at < whole.size(); ++at)
      for (const char flip : {'\x01', '\x80', '\xFF'}) {
        whole[at] = static_cast<char>(whole[at] ^ flip);
        if (const auto p = decode(whole, 3))
          CHECK(static_cast<std::int64_t>(p->pixels.size()) == std::int64_t{3} * p->size.width * p->size.height);
        whole[at] = static_cast<char>(whole[at] ^ flip);
      }
}

TEST_CASE("A JPEG whose Huffman table is longer than any can be is refused, wherever it stands", "[apps]") {
  const auto whole = jpeg_of(patterned({40, 33}, 3));
  auto bad = whole;
  const auto table = bad.find("\xFF\xC4");
  bad.replace(table + 5, 16, 16, '\xFF');
  CHECK_THAT(refusal(bad), Contains("more than 256 codes"));
  const std::string evil =
      std::string("\xFF\xC4\x0F\xFF", 4) + '\x10' + std::string(16, '\xFF') + std::string(4078, '\1');
  const auto comment = std::string("\xFF\xFE\x10\x03", 4) + evil; // a comment that holds one does no harm
  CHECK(decode(std::string(whole).insert(2, comment), 3));
  CHECK_THAT(refusal(std::string(whole).insert(2, evil)), Contains("more than 256 codes"));
  CHECK_THAT(refusal(std::string(whole).insert(whole.find("\xFF\xC4"), "padding" + evil)),
             Contains("more than 256 codes"));
  // Behind the scan's data, before the end marker.
  CHECK_THAT(refusal(std::string(whole).insert(whole.size() - 2, evil)), Contains("more than 256 codes"));
  // Cut off within: the rest reads as zeros, and the end marker is part of the table.
  refusal(whole.substr(0, 2) + evil.substr(0, 12) + "\xFF\xD9");
}

TEST_CASE("What is no picture, or a far too large one, is refused before it costs memory", "[apps]") {
  CHECK_THAT(refusal("GIF89a"), Contains("not a PNG or JPEG"));
  CHECK_THAT(refusal(""), Contains("not a PNG or JPEG"));
  CHECK_THAT(refusal(png_claiming(60000, 60000)), Contains("60000x60000 has more than"));
  CHECK_THAT(refusal(png_claiming(1U << 24U, 5)), Contains("has more than"));
  refusal(png_claiming(0, 5));
  refusal(png_claiming(0x80000000U, 1));
  CHECK(resized(patterned({4, 4}, 1), {60000, 60000}, picture_filter::area).error().code == errc::bad_argument);
}

TEST_CASE("A PNG that inflates to far more than its picture is refused", "[apps]") {
  // The pixels of a large black picture under the header of a tiny one.
  auto bomb = png_of({{6000, 6000}, 1, std::vector<std::uint8_t>(36'000'000)});
  CHECK(bomb.size() < 1'000'000);
  const auto tiny = png_claiming(2, 2);
  bomb.replace(0, 33, tiny.substr(0, 33));
  refusal(bomb);
}

TEST_CASE("Resizing agrees with its definition", "[apps]") {
  const auto p = patterned({24, 18}, 3);
  for (const auto how : {picture_filter::bilinear, picture_filter::area})
    for (const auto to : {picture_size{12, 9}, picture_size{7, 5}, picture_size{24, 6}, picture_size{31, 40},
                          picture_size{1, 1}, picture_size{48, 36}})
      CHECK(largest_difference(p, to, how) < 0.501);
}

TEST_CASE("Any size can be made of any other", "[apps]") {
  for (const auto from : {picture_size{1, 1}, picture_size{1, 700}, picture_size{333, 2}, picture_size{97, 101}})
    for (const auto to : {picture_size{1, 1}, picture_size{224, 224}, picture_size{3, 1000}, picture_size{800, 1}})
      for (const auto how : {picture_filter::bilinear, picture_filter::area}) {
        const picture flat{from, 1, std::vector<std::uint8_t>(static_cast<std::size_t>(from.width * from.height), 77)};
        const auto r = resized(flat, to, how).value();
        CHECK(std::all_of(r.pixels.begin(), r.pixels.end(), [](auto x) { return x == 77; }));
      }
}

TEST_CASE("The middle is cut out", "[apps]") {
  const auto p = patterned({7, 6}, 3);
  const auto r = centre_cropped(p, {2, 3}).value();
  // (7 - 2) / 2 = 2.5 is rounded to even, (6 - 3) / 2 = 1.5 too
  for (int y = 0; y < 3; ++y)
    for (int i = 0; i < 6; ++i)
      CHECK(r.pixels[static_cast<std::size_t>(y * 6 + i)] == p.pixels[static_cast<std::size_t>((y + 2) * 21 + 6 + i)]);
  CHECK(centre_cropped(p, p.size).value().pixels == p.pixels);
  CHECK(centre_cropped(p, {8, 1}).error().code == errc::bad_argument);
}

TEST_CASE("Errors of picture files name the file", "[apps]") {
  const temporary_folder folder;
  const auto file = folder.path() / "cat.png";
  CHECK(read_picture(file, 3).error().code == errc::not_found);
  CHECK(read_picture(folder.path(), 3).error().code == errc::io);
  std::ofstream{file} << "no cat";
  CHECK_THAT(read_picture(file, 3).error().message, Contains("cat.png: "));
  std::filesystem::resize_file(file, defaults::picture_bytes + 1);
  CHECK_THAT(read_picture(file, 3).error().message, Contains("is larger than"));
}
