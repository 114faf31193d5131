#include "apps/preprocessing.hpp"

#include <algorithm>
#include <new>

#include <fmt/format.h>

#include "apps/defaults.hpp"

namespace baton::apps {

namespace {

bool plain(const preprocessing& p) {
  return p.scale == 1 && p.mean == std::array<float, 3>{0, 0, 0} && p.std == std::array<float, 3>{1, 1, 1};
}

int channels_of(const preprocessing& p) {
  return p.channels == picture_channels::grey ? 1 : 3;
}

/// "0.5", or "0.485:0.456:0.406" where the channels differ.
std::string per_channel(const std::array<float, 3>& x, int channels) {
  if (channels == 1 || (x[0] == x[1] && x[1] == x[2]))
    return fmt::format("{}", x[0]);
  return fmt::format("{}:{}:{}", x[0], x[1], x[2]);
}

std::string formula(const preprocessing& p) {
  const auto n = channels_of(p);
  auto text = p.scale == 1 ? std::string{"x"} : fmt::format("x/{}", p.scale);
  if (p.mean != std::array<float, 3>{0, 0, 0})
    text = fmt::format("({} - {})", text, per_channel(p.mean, n));
  if (p.std != std::array<float, 3>{1, 1, 1})
    text += "/" + (n == 1 ? per_channel(p.std, n) : fmt::format("({})", per_channel(p.std, n)));
  return text == "x" ? "x from 0 to 255" : text;
}

picture_size after_resize(const preprocessing& p, picture_size from) {
  if (p.resize)
    return *p.resize;
  if (!p.shorter_side)
    return from;
  const auto longer = [&](int a, int b) { // as torchvision rounds
    const auto n = std::int64_t{*p.shorter_side} * a / b;
    return static_cast<int>(std::min<std::int64_t>(n, INT32_MAX));
  };
  if (from.width <= from.height)
    return {*p.shorter_side, longer(from.height, from.width)};
  return {longer(from.width, from.height), *p.shorter_side};
}

expected<picture> prepared(picture p, const preprocessing& how) {
  if (const auto to = after_resize(how, p.size); to != p.size) {
    auto r = resized(p, to, how.filter);
    if (!r)
      return r;
    p = std::move(*r);
  }
  if (how.crop && *how.crop != p.size)
    return centre_cropped(p, *how.crop);
  return p;
}

template <class T>
void lay_out(const picture& p, const preprocessing& how, T* to) {
  const auto n = static_cast<std::size_t>(p.channels);
  const auto pixels = p.pixels.size() / n;
  for (std::size_t c = 0; c < n; ++c) {
    const auto from = how.channels == picture_channels::bgr ? n - 1 - c : c;
    for (std::size_t i = 0; i < pixels; ++i) {
      const auto x = p.pixels[i * n + from];
      auto& element = how.layout == picture_layout::nchw ? to[c * pixels + i] : to[i * n + c];
      if constexpr (std::is_same_v<T, float>)
        element = (static_cast<float>(x) / how.scale - how.mean[c]) / how.std[c];
      else
        element = x;
    }
  }
}

std::vector<std::int64_t> batch_shape(std::size_t rows, const picture& p, picture_layout layout) {
  const std::int64_t n = static_cast<std::int64_t>(rows), c = p.channels, h = p.size.height, w = p.size.width;
  return layout == picture_layout::nchw ? std::vector{n, c, h, w} : std::vector{n, h, w, c};
}

} // namespace

std::string describe(const preprocessing& p, picture_size from, picture_size to) {
  std::vector<std::string> steps;
  const auto between = after_resize(p, from);
  if (between != from)
    steps.push_back(
        fmt::format("resized to {} ({})", to_string(between), p.filter == picture_filter::area ? "area" : "bilinear"));
  if (to != between)
    steps.push_back(fmt::format("centre {} cut out", to_string(to)));
  constexpr const char* names[] = {"grey", "RGB", "BGR"};
  steps.push_back(names[static_cast<int>(p.channels)]);
  steps.push_back(formula(p));
  steps.push_back(p.layout == picture_layout::nchw ? "NCHW" : "NHWC");
  return fmt::format("{}", fmt::join(steps, ", "));
}

namespace {

expected<picture_batch> read_all(const std::vector<std::string>& files, const preprocessing& p,
                                 const metadata::value& v) {
  const auto is_float = v.type == metadata::element_type::float32;
  if (!is_float && (v.type != metadata::element_type::uint8 || !plain(p)))
    return fail(errc::bad_argument,
                fmt::format("{}: input '{}' is {}: a picture can be FP32, or UINT8 with --preprocess raw",
                            fmt::join(files, ","), v.name, metadata::to_string(v.type)));
  picture_batch batch;
  picture_size common;
  for (std::size_t row = 0; row < files.size(); ++row) {
    auto read = read_picture(files[row], channels_of(p));
    if (!read)
      return tl::unexpected(read.error());
    const auto from = read->size;
    auto ready = prepared(std::move(*read), p);
    if (!ready)
      return fail(ready.error().code, files[row] + ": " + ready.error().message);
    if (row == 0) {
      common = ready->size;
      const auto elements = static_cast<std::int64_t>(files.size() * ready->pixels.size());
      if (elements > 3 * defaults::picture_pixels)
        return fail(errc::bad_argument, fmt::format("{}: a batch of {} such pictures has more than {} pixels",
                                                    files[row], files.size(), defaults::picture_pixels));
      batch.pixels = metadata::tensor{v.type, batch_shape(files.size(), *ready, p.layout)};
    } else if (ready->size != common) {
      return fail(errc::bad_argument, fmt::format("{}: becomes {}, and '{}' becomes {}: one batch has one size",
                                                  files[row], to_string(ready->size), files[0], to_string(common)));
    }
    if (is_float)
      lay_out(*ready, p, batch.pixels.as_mutable<float>().data() + row * ready->pixels.size());
    else
      lay_out(*ready, p, batch.pixels.as_mutable<std::uint8_t>().data() + row * ready->pixels.size());
    batch.notes.push_back(fmt::format("{}: {} {} -> {}: {}", v.name, files[row], to_string(from), p.name,
                                      describe(p, from, ready->size)));
  }
  return batch;
}

} // namespace

expected<picture_batch> read_pictures(const std::vector<std::string>& files, const preprocessing& p,
                                      const metadata::value& v) {
  try {
    return read_all(files, p, v);
  } catch (const std::bad_alloc&) {
    return fail(errc::out_of_memory, fmt::format("{}: no memory for such pictures", fmt::join(files, ",")));
  }
}

} // namespace baton::apps
