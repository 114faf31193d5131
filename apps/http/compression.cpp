#include "apps/http/compression.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <new>

#include <boost/beast/core/string.hpp>
#include <fmt/format.h>
#include <zlib.h>

namespace baton::apps::http {

namespace {

/// zlib's way to say: the largest window, in gzip's wrapping.
constexpr int gzip_window = 15 + 16;
constexpr int zlib_window = 15;
constexpr std::size_t step = std::size_t{64} << 10; ///< of output; bounds what is inflated beyond the limit

int window_of(coding c) {
  return c == coding::gzip ? gzip_window : zlib_window;
}

bool same(std::string_view a, std::string_view b) {
  return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

Bytef* bytes_of(std::string_view data) {
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(data.data())); // zlib only reads them
}

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t");
  return first == text.npos ? std::string_view{} : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The weight of one member of Accept-Encoding; 1 if it gives none, 0 if it makes no sense.
double weight_of(std::string_view parameters) {
  parameters = trimmed(parameters);
  if (parameters.empty())
    return 1;
  if (!parameters.starts_with("q="))
    return 0;
  parameters.remove_prefix(2);
  double q = 0;
  return std::from_chars(parameters.data(), parameters.data() + parameters.size(), q).ec == std::errc{} ? q : 0;
}

} // namespace

std::string_view to_string(coding c) {
  return c == coding::gzip ? "gzip" : c == coding::deflate ? "deflate" : "";
}

std::optional<coding> coding_of(std::string_view name) {
  if (name.empty() || same(name, "identity"))
    return coding::identity;
  if (same(name, "gzip") || same(name, "x-gzip"))
    return coding::gzip;
  if (same(name, "deflate"))
    return coding::deflate;
  return std::nullopt;
}

coding best_coding(std::string_view accepted) {
  auto best = coding::identity;
  double weight = 0;
  while (!accepted.empty()) {
    auto comma = std::min(accepted.find(','), accepted.size());
    auto one = accepted.substr(0, comma);
    accepted.remove_prefix(std::min(comma + 1, accepted.size()));
    auto semicolon = std::min(one.find(';'), one.size());
    auto name = trimmed(one.substr(0, semicolon));
    auto q = weight_of(one.substr(std::min(semicolon + 1, one.size())));
    auto c = name.empty() ? std::nullopt : coding_of(name == "*" ? "gzip" : name);
    if (!c || *c == coding::identity || !(q > weight))
      continue;
    best = *c;
    weight = q;
  }
  return best;
}

expected<std::string> inflate(std::string_view data, coding c, std::size_t limit) {
  auto bad = [&](std::string_view why) {
    return fail(errc::bad_request, fmt::format("the body is not {}: {}", to_string(c), why));
  };
  z_stream z{};
  if (::inflateInit2(&z, window_of(c)) != Z_OK)
    throw std::bad_alloc();
  struct closer {
    z_stream& z;
    ~closer() { ::inflateEnd(&z); }
  } close{z};
  z.next_in = bytes_of(data);
  z.avail_in = static_cast<uInt>(data.size());
  std::string out;
  for (;;) {
    auto before = out.size();
    out.resize(std::min(before + std::max(step, before), limit + 1)); // doubling, as far as the limit lets
    z.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    z.avail_out = static_cast<uInt>(out.size() - before);
    auto state = ::inflate(&z, Z_NO_FLUSH);
    out.resize(out.size() - z.avail_out);
    if (out.size() > limit)
      return fail(errc::overloaded, fmt::format("the body is larger than {} bytes when inflated", limit));
    if (state == Z_STREAM_END)
      break;
    if (state == Z_MEM_ERROR)
      throw std::bad_alloc();
    if (state == Z_BUF_ERROR || (state == Z_OK && z.avail_in == 0 && z.avail_out > 0))
      return bad("it is cut off");
    if (state != Z_OK)
      return bad(z.msg ? z.msg : "it is damaged");
  }
  if (z.avail_in > 0)
    return bad("something follows its end");
  return out;
}

std::string deflate(std::string_view data, coding c) {
  z_stream z{};
  constexpr int memory = 8; // zlib's default
  if (::deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, window_of(c), memory, Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
  std::string out(::deflateBound(&z, static_cast<uLong>(data.size())), '\0');
  z.next_in = bytes_of(data);
  z.avail_in = static_cast<uInt>(data.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  ::deflate(&z, Z_FINISH); // its output fits, so it ends
  out.resize(z.total_out);
  ::deflateEnd(&z);
  return out;
}

} // namespace baton::apps::http
