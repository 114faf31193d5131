#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "apps/preprocessing.hpp"
#include "apps/symbols.hpp"

namespace baton::apps {

namespace {

constexpr int longest_side = 65'536; // beyond it no picture has a sane shape

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == text.npos)
      return parts;
    text.remove_prefix(end + 1);
  }
}

template <class T>
std::optional<T> number(std::string_view text) {
  T x{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), x);
  return failed == std::errc{} && end == text.data() + text.size() ? std::optional{x} : std::nullopt;
}

std::optional<picture_size> size_of(std::string_view text) {
  const auto parts = split(text, 'x');
  const auto good = [](std::optional<int> n) { return n && *n >= 1 && *n <= longest_side; };
  const auto width = number<int>(parts[0]);
  const auto height = number<int>(parts.back());
  if (parts.size() > 2 || !good(width) || !good(height))
    return std::nullopt;
  return picture_size{*width, *height};
}

/// One number for all channels, or one for each.
std::optional<std::array<float, 3>> channel_values(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 1 && parts.size() != 3)
    return std::nullopt;
  std::array<float, 3> values{};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto x = number<float>(parts[parts.size() == 1 ? 0 : i]);
    if (!x || !std::isfinite(*x))
      return std::nullopt;
    values[i] = *x;
  }
  return values;
}

template <class T>
bool pick(std::string_view text, std::initializer_list<std::pair<std::string_view, T>> names, T& into) {
  for (const auto& [name, value] : names)
    if (name == text) {
      into = value;
      return true;
    }
  return false;
}

bool nonzero(const std::optional<std::array<float, 3>>& values) {
  return values && std::find(values->begin(), values->end(), 0.0F) == values->end();
}

/// Sets what one `key=value` says; false if it cannot be understood.
bool set(preprocessing& p, std::string_view key, std::string_view value) {
  if (key == "resize") {
    p.resize.reset();
    p.shorter_side.reset();
    const auto size = size_of(value);
    if (size && value.find('x') == value.npos)
      p.shorter_side = size->width;
    else
      p.resize = size;
    return size || value == "none";
  }
  if (key == "crop")
    return (p.crop = size_of(value)).has_value();
  if (key == "filter")
    return pick(value, {{"bilinear", picture_filter::bilinear}, {"area", picture_filter::area}}, p.filter);
  if (key == "channels")
    return pick(value,
                {{"grey", picture_channels::grey}, {"rgb", picture_channels::rgb}, {"bgr", picture_channels::bgr}},
                p.channels);
  if (key == "layout")
    return pick(value, {{"nchw", picture_layout::nchw}, {"nhwc", picture_layout::nhwc}}, p.layout);
  if (key == "scale") {
    const auto x = number<float>(value);
    p.scale = x.value_or(0);
    return std::isfinite(p.scale) && p.scale > 0;
  }
  if (key == "mean" || key == "std") {
    const auto values = channel_values(value);
    if (!values || (key == "std" && !nonzero(values)))
      return false;
    (key == "mean" ? p.mean : p.std) = *values;
    return true;
  }
  return false;
}

/// What the shape of the input says: layout, channels, and the size where it is fixed.
expected<preprocessing> fitting(const metadata::model& m, const metadata::value& v) {
  preprocessing p;
  p.name = "unit";
  const auto& s = v.shape;
  const auto is_channels = [](const metadata::dim& d) { return d.constant() == 1 || d.constant() == 3; };
  const auto open = s.size() == 4 && !s[1].constant(); // then by custom NCHW, in colour
  if (s.size() != 4 || (!is_channels(s[1]) && !is_channels(s[3]) && !open))
    return fail(errc::bad_argument,
                fmt::format("input '{}' is {}: a picture can be [N,C,H,W] or [N,H,W,C] with 1 or 3 channels", v.name,
                            shape_text(m, s)));
  const auto first = is_channels(s[1]) || !is_channels(s[3]);
  p.layout = first ? picture_layout::nchw : picture_layout::nhwc;
  p.channels = s[first ? 1 : 3].constant() == 1 ? picture_channels::grey : picture_channels::rgb;
  const auto height = s[first ? 2 : 1].constant();
  const auto width = s[first ? 3 : 2].constant();
  const auto good = [](std::optional<std::int64_t> n) { return n && *n >= 1 && *n <= longest_side; };
  if (good(height) && good(width))
    p.resize = picture_size{static_cast<int>(*width), static_cast<int>(*height)};
  return p;
}

expected<preprocessing> imagenet(preprocessing p, const std::string& input) {
  if (!p.resize)
    return fail(errc::bad_argument, fmt::format("--preprocess imagenet: input '{}' has no fixed height and width; say "
                                                "resize=...,crop=... yourself",
                                                input));
  if (p.channels == picture_channels::grey)
    return fail(errc::bad_argument, fmt::format("--preprocess imagenet: input '{}' has one channel, not three", input));
  p.name = "imagenet";
  p.crop = p.resize;
  p.resize.reset();
  // 256 for 224, and as much around other sizes.
  p.shorter_side = (std::max(p.crop->width, p.crop->height) * 256 + 112) / 224;
  p.filter = picture_filter::bilinear;
  p.mean = {0.485F, 0.456F, 0.406F};
  p.std = {0.229F, 0.224F, 0.225F};
  return p;
}

} // namespace

expected<preprocessing> choose_preprocessing(const metadata::model& m, const metadata::value& v,
                                             const std::string& text) {
  auto p = fitting(m, v);
  if (!p || text.empty() || text == "unit")
    return p;
  if (text == "imagenet")
    return imagenet(*p, v.name);
  if (text == "raw" || text == "signed") {
    p->name = text;
    p->scale = text == "raw" ? 1.0F : 127.5F;
    p->mean.fill(text == "raw" ? 0.0F : 1.0F);
    return p;
  }
  p->name = "custom";
  const auto wanted = p->channels;
  for (const auto item : split(text, ',')) {
    const auto equals = item.find('=');
    if (equals == item.npos || !set(*p, item.substr(0, equals), item.substr(equals + 1)))
      return fail(errc::bad_argument,
                  fmt::format("--preprocess: '{}' is neither unit, imagenet, raw, signed nor a known KEY=VALUE", item));
  }
  if ((wanted == picture_channels::grey) != (p->channels == picture_channels::grey)
      && v.shape[p->layout == picture_layout::nchw ? 1 : 3].constant())
    return fail(errc::bad_argument, fmt::format("--preprocess: input '{}' is {}, which does not fit the channels said",
                                                v.name, shape_text(m, v.shape)));
  return p;
}

} // namespace baton::apps
