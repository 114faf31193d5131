#include "apps/http/json_split.hpp"

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/defaults.hpp"

namespace baton::apps::http {

namespace {

/// A scanner that knows just enough of JSON to find its way: strings, brackets, keys. What it passes over is checked by
/// the parser afterwards.
class scanner {
public:
  scanner(std::string_view body, std::string_view tensors) : body_(body), tensors_(tensors) {}

  expected<split_body> run() {
    for (std::size_t at = 0; at < body_.size();) {
      char c = body_[at];
      if (c == '"') {
        auto end = end_of_string(at);
        if (end == body_.npos)
          return fail(errc::bad_request, "the body is not JSON: it ends within a string");
        last_string_ = body_.substr(at + 1, end - at - 2);
        at = end;
        continue;
      }
      if (c == '{' || c == '[') {
        if (c == '[' && at_data()) {
          if (auto e = take_numbers(at))
            return tl::unexpected(std::move(*e));
          continue;
        }
        if (open_.size() == defaults::json_depth)
          return fail(errc::bad_request, fmt::format("the body is nested deeper than {} levels", defaults::json_depth));
        open_.push_back({c, {}, 0});
      } else if (c == '}' || c == ']') {
        if (!open_.empty())
          open_.pop_back();
      } else if (c == ':' && !open_.empty()) {
        open_.back().key = last_string_;
      } else if (c == ',' && !open_.empty()) {
        open_.back().key = {};
        ++open_.back().index;
      }
      ++at;
    }
    return parse();
  }

private:
  struct level {
    char bracket;
    std::string_view key; ///< of the value being read
    std::size_t index;    ///< of the value being read
  };

  std::size_t end_of_string(std::size_t at) const {
    for (++at; at < body_.size(); ++at) {
      if (body_[at] == '\\')
        ++at;
      else if (body_[at] == '"')
        return at + 1;
    }
    return body_.npos;
  }

  bool at_data() const {
    return open_.size() == 3 && open_[0].bracket == '{' && open_[0].key == tensors_ && open_[1].bracket == '['
           && open_[2].bracket == '{' && open_[2].key == "data";
  }

  std::optional<error> take_numbers(std::size_t& at) {
    rest_ += body_.substr(copied_, at - copied_);
    auto numbers = read_numbers(body_, at, defaults::json_depth - open_.size());
    auto index = open_[1].index;
    if (!numbers)
      return error{numbers.error().code,
                   fmt::format("the data of {}[{}] {}", tensors_, index, numbers.error().message)};
    rest_ += "null";
    numbers_.insert_or_assign(index, std::move(*numbers));
    copied_ = at;
    return too_large();
  }

  std::optional<error> too_large() const {
    if (rest_.size() <= defaults::json_limit)
      return std::nullopt;
    return error{errc::bad_request,
                 fmt::format("the body is larger than {} bytes besides its tensors' data", defaults::json_limit)};
  }

  expected<split_body> parse() {
    rest_ += body_.substr(copied_);
    if (auto e = too_large())
      return tl::unexpected(std::move(*e));
    try {
      return split_body{nlohmann::json::parse(rest_), std::move(numbers_)};
    } catch (const nlohmann::json::exception& e) {
      return fail(errc::bad_request, fmt::format("the body is not JSON: {}", reason(e.what())));
    }
  }

  /// The parser's sentence without its tag, its place (which is not the body's) and bytes that are not text.
  static std::string reason(std::string_view what) {
    if (auto tag = what.find("] "); tag != what.npos)
      what.remove_prefix(tag + 2);
    if (auto place = what.find(": "); what.starts_with("parse error at") && place != what.npos)
      what.remove_prefix(place + 2);
    std::string text;
    for (char c : what.substr(0, 200))
      text += c >= ' ' && c <= '~' ? c : '?';
    return text;
  }

  std::string_view body_;
  std::string_view tensors_;
  std::vector<level> open_;
  std::string_view last_string_;
  std::string rest_;
  std::size_t copied_ = 0;
  std::map<std::size_t, json_numbers> numbers_;
};

} // namespace

expected<split_body> split(std::string_view body, std::string_view tensors) {
  return scanner{body, tensors}.run();
}

} // namespace baton::apps::http
