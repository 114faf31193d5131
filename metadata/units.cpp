#include "metadata/units.hpp"

#include <algorithm>
#include <span>
#include <string>

#include "metadata/in_quotes.hpp"
#include "metadata/rate.hpp"

namespace baton::metadata {

namespace {

/// One of a unit is `times / over` of what is wanted.
struct unit {
  std::string_view name;
  std::uint64_t times;
  std::uint64_t over = 1;
};

constexpr std::uint64_t kilo = 1'000;
constexpr std::uint64_t mega = kilo * kilo;
constexpr std::uint64_t giga = mega * kilo;
constexpr std::uint64_t tera = giga * kilo;
constexpr unit byte_units[] = {
    {"B", 1},     {"kB", kilo},      {"KB", kilo},      {"MB", mega},      {"GB", giga},
    {"TB", tera}, {"KiB", 1U << 10}, {"MiB", 1U << 20}, {"GiB", 1U << 30}, {"TiB", std::uint64_t{1} << 40}};
constexpr unit rate_units[] = {{"B/s", 1},          {"kB/s", kilo},     {"KB/s", kilo},      {"MB/s", mega},
                               {"GB/s", giga},      {"TB/s", tera},     {"KiB/s", 1U << 10}, {"MiB/s", 1U << 20},
                               {"GiB/s", 1U << 30}, {"bit/s", 1, 8},    {"kbit/s", kilo, 8}, {"Mbit/s", mega, 8},
                               {"Gbit/s", giga, 8}, {"Tbit/s", tera, 8}};
constexpr unit time_units[] = {{"ns", 1},   {"us", kilo},       {"ms", mega},
                               {"s", giga}, {"min", 60 * giga}, {"h", 3600 * giga}};

/// What is read: its units, how it is called, and of what it must be a whole number.
struct kind {
  std::span<const unit> units;
  std::string_view what;
  std::string_view whole;
};

/// A decimal number as `digits / scale`.
struct decimal {
  std::uint64_t digits = 0;
  std::uint64_t scale = 1;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Takes a number such as 12 or 1.5 off the front of `text`. False: there is none, or it has more than 18 digits.
bool take_number(std::string_view& text, decimal& out) {
  constexpr std::size_t most_digits = 18; // what 64 bits hold
  std::size_t count = 0;
  bool point = false;
  std::size_t i = 0;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !point && count > 0 && i + 1 < text.size() && is_digit(text[i + 1])) {
      point = true;
      continue;
    }
    if (!is_digit(text[i]))
      break;
    if (++count > most_digits)
      return false;
    out.digits = out.digits * 10 + static_cast<std::uint64_t>(text[i] - '0');
    out.scale *= point ? 10 : 1;
  }
  text.remove_prefix(i);
  return count > 0;
}

expected<std::uint64_t> parse(std::string_view text, const kind& k) {
  constexpr auto most = wide{1} << 62;
  auto name = text;
  decimal n;
  const bool number = take_number(name, n);
  while (name.starts_with(' '))
    name.remove_prefix(1);
  const auto u = std::find_if(k.units.begin(), k.units.end(), [&](const unit& one) { return one.name == name; });
  if (!number || u == k.units.end())
    return fail(errc::bad_argument, in_quotes(text) + " is not " + std::string(k.what));
  const auto top = wide{n.digits} * u->times;
  const auto bottom = wide{n.scale} * u->over;
  if (top % bottom != 0)
    return fail(errc::bad_argument, in_quotes(text) + " is no whole number of " + std::string(k.whole));
  if (top / bottom > most)
    return fail(errc::bad_argument, in_quotes(text) + " is more than can be counted");
  return static_cast<std::uint64_t>(top / bottom);
}

} // namespace

expected<std::uint64_t> parse_bytes(std::string_view text) {
  return parse(text,
               {byte_units, "an amount of memory such as '16 GiB' (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB)", "bytes"});
}

expected<std::uint64_t> parse_rate(std::string_view text) {
  return parse(text, {rate_units, "a bandwidth such as '12 GB/s' or '100 Gbit/s'", "bytes per second"});
}

expected<duration> parse_duration(std::string_view text) {
  const auto ns = parse(text, {time_units, "a time such as '20 us' (ns, us, ms, s, min, h)", "nanoseconds"});
  if (!ns)
    return tl::unexpected(ns.error());
  return duration{static_cast<std::int64_t>(*ns)};
}

} // namespace baton::metadata
