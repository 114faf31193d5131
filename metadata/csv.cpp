#include "metadata/csv.hpp"

#include <algorithm>
#include <charconv>

#include "metadata/in_quotes.hpp"

namespace baton::metadata {

namespace {

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string at_line(std::size_t line) {
  return "line " + std::to_string(line);
}

} // namespace

bool csv_reader::take_line(std::vector<std::string_view>& fields) {
  if (rest_.find_first_not_of("\r\n") == std::string_view::npos) // the rest is empty lines
    return false;
  ++line_;
  const auto end = rest_.find('\n');
  auto line = rest_.substr(0, end);
  rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
  if (line.ends_with('\r'))
    line.remove_suffix(1);
  fields.clear();
  for (std::size_t begin = 0; begin <= line.size();) {
    const auto comma = std::min(line.find(',', begin), line.size());
    fields.push_back(trimmed(line.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  return true;
}

expected<csv_reader> csv_reader::open(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  csv_reader r(text);
  if (!r.take_line(r.header_))
    return fail(errc::bad_argument, "line 1: there is no header");
  auto names = r.header_;
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end())
    return fail(errc::bad_argument, "line 1: column " + in_quotes(*twice) + " is there twice");
  return r;
}

std::optional<std::size_t> csv_reader::find(std::string_view column) const {
  const auto it = std::find(header_.begin(), header_.end(), column);
  return it == header_.end() ? std::nullopt : std::optional(static_cast<std::size_t>(it - header_.begin()));
}

expected<std::size_t> csv_reader::need(std::string_view column) const {
  if (const auto c = find(column))
    return *c;
  return fail(errc::bad_argument, "line 1: there is no column " + in_quotes(column));
}

expected<bool> csv_reader::next() {
  if (!take_line(fields_))
    return false;
  if (fields_.size() != header_.size())
    return fail(errc::bad_argument, at_line(line_) + ": " + std::to_string(fields_.size())
                                        + " columns where the header has " + std::to_string(header_.size()));
  return true;
}

expected<std::int64_t> csv_reader::number(std::size_t c, std::int64_t least, std::int64_t most) const {
  const auto text = fields_[c];
  std::int64_t x = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), x);
  if (text.empty() || end != text.data() + text.size() || problem == std::errc::invalid_argument)
    return wrong(c, in_quotes(text) + " is not a whole number");
  if (problem != std::errc{} || x < least || x > most)
    return wrong(c, in_quotes(text) + " is not within " + std::to_string(least) + " and " + std::to_string(most));
  return x;
}

tl::unexpected<error> csv_reader::wrong(std::size_t c, const std::string& what) const {
  return fail(errc::bad_argument,
              at_line(line_) + ", column " + std::to_string(c + 1) + " (" + in_quotes(header_[c]) + "): " + what);
}

} // namespace baton::metadata
