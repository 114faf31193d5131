#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/error.hpp"

namespace baton::metadata {

/// Reads comma-separated text with a header, row by row; nothing is copied. Lines end with LF or CRLF; a byte order
/// mark and empty lines at the end are passed over. Quotes have no meaning but their own: no format read here has any.
/// Errors: `bad_argument`, naming the line (the header is line 1) and, where one is at fault, the column.
/// Lifetime: the text must outlive it.
class csv_reader {
public:
  /// Reads the header. Errors: there is none, or a column is there twice.
  static expected<csv_reader> open(std::string_view text);

  std::size_t columns() const { return header_.size(); }
  std::string_view column_name(std::size_t c) const { return header_[c]; }
  std::optional<std::size_t> find(std::string_view column) const;
  /// Errors: it is not there.
  expected<std::size_t> need(std::string_view column) const;

  /// Goes to the next row. False: there is none. Errors: it has more or fewer fields than the header.
  expected<bool> next();
  std::size_t line() const { return line_; }
  /// Without blanks around it. @pre `next` said true
  std::string_view field(std::size_t c) const { return fields_[c]; }
  /// A whole number. Errors: it is none, or not within `least` ... `most`.
  expected<std::int64_t> number(std::size_t c, std::int64_t least, std::int64_t most) const;

  /// `line 3, column 2 ('duration'): ` and what is wrong there.
  tl::unexpected<error> wrong(std::size_t c, const std::string& what) const;

private:
  explicit csv_reader(std::string_view text) : rest_(text) {}
  bool take_line(std::vector<std::string_view>& fields);

  std::string_view rest_;
  std::size_t line_ = 0;
  std::vector<std::string_view> header_;
  std::vector<std::string_view> fields_;
};

} // namespace baton::metadata
