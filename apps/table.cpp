#include "apps/table.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace baton::apps {

namespace {

// Columns as a terminal shows them: bytes that continue a UTF-8 character take none.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string scaled(double n, double step, const std::array<const char*, 6>& units) {
  std::size_t unit = 0;
  while (n >= step && unit + 1 < units.size()) {
    n /= step;
    ++unit;
  }
  if (unit == 0)
    return fmt::format("{:.0f}{}", n, units[0]);
  return fmt::format("{:.{}f}{}", n, n < 10 ? 2 : 1, units[unit]);
}

} // namespace

table::table(std::vector<column> columns) : columns_(std::move(columns)) {}

void table::add(std::vector<std::string> cells) {
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string table::text() const {
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    auto w = width(columns_[c].title);
    for (const auto& row : rows_)
      w = std::max(w, width(row[c]));
    widths.push_back(w);
  }
  std::string out;
  auto line = [&](auto&& cell_of) {
    std::string l;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      const std::string& cell = cell_of(c);
      std::string pad(widths[c] - width(cell), ' ');
      if (c > 0)
        l += "  ";
      l += columns_[c].side == align::right ? pad + cell : cell + pad;
    }
    l.erase(l.find_last_not_of(' ') + 1);
    out += l;
    out += '\n';
  };
  line([&](std::size_t c) -> const std::string& { return columns_[c].title; });
  std::vector<std::string> rule;
  rule.reserve(widths.size());
  for (auto w : widths)
    rule.emplace_back(w, '-');
  line([&](std::size_t c) -> const std::string& { return rule[c]; });
  for (const auto& row : rows_)
    line([&](std::size_t c) -> const std::string& { return row[c]; });
  return out;
}

std::string with_separators(std::uint64_t n) {
  auto digits = std::to_string(n);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  return digits;
}

std::string human_bytes(double bytes) {
  return scaled(bytes, 1024, {" B", " KiB", " MiB", " GiB", " TiB", " PiB"});
}

std::string human_count(double n) {
  return scaled(n, 1000, {"", " K", " M", " G", " T", " P"});
}

} // namespace baton::apps
