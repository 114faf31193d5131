#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace baton::apps {

/// A text table with aligned columns, for terminals and logs.
class table {
public:
  enum class align : std::uint8_t { left, right };
  struct column {
    std::string title;
    align side = align::left;
  };

  explicit table(std::vector<column> columns);
  /// Missing cells are empty, cells beyond the last column are left out.
  void add(std::vector<std::string> cells);
  /// Title, rule and rows, each line ended by a newline and without trailing blanks.
  std::string text() const;

private:
  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// 1234567 as "1,234,567".
std::string with_separators(std::uint64_t n);
/// Bytes with a binary unit: "97.5 MiB".
std::string human_bytes(double bytes);
/// A large count with a decimal prefix: "3.86 G".
std::string human_count(double n);

} // namespace baton::apps
