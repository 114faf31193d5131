#include "scheduling/text_archive.hpp"

namespace baton::scheduling {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

bool plain(char c) {
  return c > ' ' && c < 127 && c != '%' && c != '"';
}

} // namespace

void text_writer::put(const std::string& x) {
  separate();
  text_ += '"';
  for (char c : x) {
    if (plain(c)) {
      text_ += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      text_ += '%';
      text_ += digits[byte >> 4];
      text_ += digits[byte & 15];
    }
  }
  text_ += '"';
}

std::string_view text_reader::word() {
  auto end = rest_.find(' ');
  auto w = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (w.empty())
    ok_ = false;
  return w;
}

void text_reader::take(std::string& x) {
  auto w = word();
  x.clear();
  if (w.size() < 2 || w.front() != '"' || w.back() != '"') {
    ok_ = false;
    return;
  }
  w = w.substr(1, w.size() - 2);
  for (std::size_t i = 0; i < w.size(); ++i) {
    if (w[i] != '%') {
      x += w[i];
      continue;
    }
    auto high = i + 2 < w.size() ? digits.find(w[i + 1]) : std::string_view::npos;
    auto low = i + 2 < w.size() ? digits.find(w[i + 2]) : std::string_view::npos;
    if (high == std::string_view::npos || low == std::string_view::npos) {
      ok_ = false;
      return;
    }
    x += static_cast<char>(high << 4 | low);
    i += 2;
  }
}

} // namespace baton::scheduling
