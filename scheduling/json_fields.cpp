#include "scheduling/json_fields.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "metadata/in_quotes.hpp"

namespace baton::scheduling {

namespace {

using metadata::in_quotes;
using nlohmann::json;

/// Follows the parser through the text, to know where it is and which keys an object has had.
class key_watch {
public:
  void operator()(json::parse_event_t event, const json& parsed) {
    switch (event) {
    case json::parse_event_t::object_start:
    case json::parse_event_t::array_start:
      count_item();
      levels_.push_back({.is_array = event == json::parse_event_t::array_start});
      return;
    case json::parse_event_t::object_end:
    case json::parse_event_t::array_end: levels_.pop_back(); return;
    case json::parse_event_t::value: count_item(); return;
    case json::parse_event_t::key: break;
    }
    auto& object = levels_.back();
    object.key = parsed.get<std::string>();
    if (!object.keys.insert(object.key).second && twice_.empty())
      twice_ = path();
  }
  const std::string& twice() const { return twice_; } ///< the path of the first key that is there twice

private:
  struct level {
    bool is_array = false;
    std::size_t items = 0;
    std::string key;
    std::set<std::string, std::less<>> keys;
  };

  void count_item() {
    if (!levels_.empty() && levels_.back().is_array)
      ++levels_.back().items;
  }
  std::string path() const {
    std::string out;
    for (const auto& l : levels_)
      if (l.is_array)
        out += "[" + std::to_string(l.items - 1) + "]";
      else
        out += (out.empty() ? "" : ".") + l.key;
    return out;
  }

  std::vector<level> levels_;
  std::string twice_;
};

/// `line 3, column 5: ` of the byte at `offset`.
std::string place(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, std::min(offset, text.size()));
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const auto newline = before.rfind('\n');
  const auto column = before.size() - (newline == std::string_view::npos ? 0 : newline + 1) + 1;
  return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
}

} // namespace

expected<json> parse_json(std::string_view text) {
  key_watch watch;
  try {
    auto parsed = json::parse(text, [&](int, json::parse_event_t event, json& value) {
      watch(event, value);
      return true;
    });
    if (!watch.twice().empty())
      return fail(errc::bad_argument, in_quotes(watch.twice()) + " is there twice");
    return parsed;
  } catch (const json::parse_error& e) {
    return fail(errc::bad_argument, place(text, e.byte > 0 ? e.byte - 1 : 0) + "this is no JSON");
  } catch (const json::exception&) { // a number that no double holds
    return fail(errc::bad_argument, "a number is too large");
  }
}

tl::unexpected<error> json_value::wrong(const std::string& what) const {
  return fail(errc::bad_argument, (path_.empty() ? "the description" : path_) + ": " + what);
}

expected<void> json_value::check_object(std::initializer_list<std::string_view> keys) const {
  std::string known;
  for (const auto k : keys)
    known.append(known.empty() ? "" : ", ").append(k);
  if (!value_->is_object())
    return wrong("an object is needed, with " + known);
  for (const auto& [key, value] : value_->items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      return wrong("there is no key " + in_quotes(key) + " here; there are " + known);
  return {};
}

expected<std::size_t> json_value::array_size(std::size_t most) const {
  if (!value_->is_array() || value_->empty())
    return wrong("an array with at least one entry is needed");
  if (value_->size() > most)
    return wrong(std::to_string(value_->size()) + " entries; " + std::to_string(most) + " are the most");
  return value_->size();
}

json_value json_value::item(std::size_t i) const {
  return {(*value_)[i], path_ + "[" + std::to_string(i) + "]"};
}

std::optional<json_value> json_value::find(std::string_view key) const {
  const auto it = value_->find(key);
  if (it == value_->end())
    return std::nullopt;
  return json_value(*it, path_ + (path_.empty() ? "" : ".") + std::string(key));
}

expected<json_value> json_value::need(std::string_view key) const {
  if (auto v = find(key))
    return *v;
  return wrong("the key '" + std::string(key) + "' is missing");
}

expected<std::string> json_value::text() const {
  if (!value_->is_string())
    return wrong("a text in quotes is needed");
  return value_->get<std::string>();
}

expected<bool> json_value::boolean() const {
  if (!value_->is_boolean())
    return wrong("true or false is needed");
  return value_->get<bool>();
}

expected<std::int64_t> json_value::number(std::int64_t least, std::int64_t most) const {
  const auto range = "a whole number from " + std::to_string(least) + " to " + std::to_string(most) + " is needed";
  if (!value_->is_number_integer())
    return wrong(range);
  if (value_->is_number_unsigned() && value_->get<std::uint64_t>() > INT64_MAX)
    return wrong(range);
  const auto x = value_->get<std::int64_t>();
  if (x < least || x > most)
    return wrong(range);
  return x;
}

expected<double> json_value::real() const {
  if (!value_->is_number())
    return wrong("a number is needed");
  return value_->get<double>();
}

} // namespace baton::scheduling
