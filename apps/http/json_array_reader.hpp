#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace baton::apps::http {

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// One number or word of JSON.
struct token {
  std::string_view text;
  bool whole = true; ///< neither fraction nor exponent

  std::string shown() const { return std::string{text.substr(0, 40)}; }
};

/// What is wrong with an element or an array, as the rest of a sentence; or nothing.
using problem = std::optional<std::string>;

/// Reads one array and gives each element to `store`, which says what is wrong with it.
template <class Store>
class array_reader {
public:
  array_reader(std::string_view text, Store store) : text_(text), store_(std::move(store)) {}

  problem run() {
    for (;;) {
      skip_blanks();
      if (at_ == text_.size())
        return wrong("ends within an array");
      char c = text_[at_];
      if (c == '[') {
        if (auto p = open())
          return p;
        continue;
      }
      if (c != ']') // one right here closes an empty array
        if (auto p = element())
          return p;
      if (auto p = behind_value())
        return p;
      if (counts_.empty())
        return std::nullopt;
    }
  }

  /// Of the nesting: [[1,2],[3,4],[5,6]] has 3, 2; never empty.
  const std::vector<std::int64_t>& extents() const { return extents_; }

private:
  problem wrong(const std::string& what) const { return fmt::format("{} (at byte {} of it)", what, at_); }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
      ++at_;
  }

  problem open() {
    ++at_;
    if (!counts_.empty()) {
      // A number and an array side by side, or arrays below the level where numbers were seen.
      if (element_depth_ != 0 && counts_.size() >= element_depth_)
        return wrong("mixes numbers and arrays");
      ++counts_.back();
    }
    counts_.push_back(0);
    if (counts_.size() > extents_.size())
      extents_.push_back(-1);
    return std::nullopt;
  }

  problem close() {
    ++at_;
    auto& extent = extents_[counts_.size() - 1];
    if (extent >= 0 && extent != counts_.back())
      return wrong(fmt::format("is ragged: arrays of {} and of {} elements side by side", extent, counts_.back()));
    extent = counts_.back();
    counts_.pop_back();
    return std::nullopt;
  }

  /// Closing brackets, then a comma, unless all is closed.
  problem behind_value() {
    for (;;) {
      skip_blanks();
      if (at_ == text_.size())
        return wrong("ends within an array");
      if (text_[at_] == ']') {
        if (auto p = close())
          return p;
        if (counts_.empty())
          return std::nullopt;
      } else if (text_[at_] == ',') {
        ++at_;
        skip_blanks();
        if (at_ < text_.size() && text_[at_] == ']')
          return wrong("has a ',' before a ']'");
        return std::nullopt;
      } else {
        return wrong("lacks a ',' or a ']'");
      }
    }
  }

  std::size_t digits() {
    auto first = at_;
    while (at_ < text_.size() && is_digit(text_[at_]))
      ++at_;
    return at_ - first;
  }

  std::optional<token> next_token() {
    auto begin = at_;
    token t;
    for (std::string_view word : {"true", "false"})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return token{word};
      }
    if (text_[at_] == '-')
      ++at_;
    auto lead = at_;
    auto n = digits();
    bool good = n == 1 || (n > 1 && text_[lead] != '0');
    if (good && at_ < text_.size() && text_[at_] == '.') {
      t.whole = false;
      ++at_;
      good = digits() > 0;
    }
    if (good && at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
      t.whole = false;
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-'))
        ++at_;
      good = digits() > 0;
    }
    t.text = text_.substr(begin, at_ - begin);
    if (good)
      return t;
    at_ = begin;
    return std::nullopt;
  }

  problem element() {
    auto t = next_token();
    if (!t)
      return wrong("holds something that is not a number");
    if (element_depth_ == 0)
      element_depth_ = counts_.size();
    if (counts_.size() != element_depth_ || extents_.size() != element_depth_)
      return wrong("mixes numbers and arrays");
    ++counts_.back();
    if (auto p = store_(*t))
      return wrong(*p);
    return std::nullopt;
  }

  std::string_view text_;
  Store store_;
  std::size_t at_ = 0;
  std::size_t element_depth_ = 0; ///< how many brackets are open around each element; 0: none seen yet
  std::vector<std::int64_t> counts_;
  std::vector<std::int64_t> extents_;
};

} // namespace baton::apps::http
