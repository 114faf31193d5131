#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/defaults.hpp"
#include "apps/http/json_numbers.hpp"

namespace baton::apps::http {

/// Finds the "data" of the tensors in a body, so that the parser does not see it. Knows just enough of JSON to find its
/// way: strings, brackets, keys. What it passes over is checked by the parser afterwards.
class json_scanner {
public:
  /// `tensors`: the list whose members have "data". Both must outlive the scanner.
  json_scanner(std::string_view body, std::string_view tensors) : body_(body), tensors_(tensors) {}

  /// Returns what is wrong, if anything: `bad_request`. Depth and size of all but the data are bounded.
  std::optional<error> run();
  /// The body with null in the place of data.
  std::string_view rest() const { return copied_ > 0 ? std::string_view{rest_} : body_; }
  /// By place in the list.
  const std::vector<data_text>& data() const { return data_; }

private:
  struct level {
    char bracket = 0;
    std::string_view key;  ///< of the value being read
    std::size_t index = 0; ///< of the value being read
  };

  std::size_t end_of_string(std::size_t at) const;
  bool at_data() const;
  std::optional<error> take_data(std::size_t& at);

  std::string_view body_;
  std::string_view tensors_;
  std::array<level, defaults::json_depth> open_;
  std::size_t depth_ = 0;
  std::string_view last_string_;
  std::string rest_;
  std::size_t copied_ = 0;
  std::vector<data_text> data_;
};

} // namespace baton::apps::http
