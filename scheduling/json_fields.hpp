#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "metadata/error.hpp"

/// Reads a description in JSON strictly, for this folder's sources only. Every error is `bad_argument` and names the
/// place: line and column where the text is no JSON, else the key's path, as `nodes[1].devices[0].kind`.
namespace baton::scheduling {

/// Errors: it is no JSON; a key is in an object twice.
expected<nlohmann::json> parse_json(std::string_view text);

/// One value of the description, and where it is.
class json_value {
public:
  json_value(const nlohmann::json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  /// `PATH: what`.
  tl::unexpected<error> wrong(const std::string& what) const;

  /// Errors: it is no object, or has a key other than these.
  expected<void> check_object(std::initializer_list<std::string_view> keys) const;
  /// Errors: it is no array, or empty, or longer.
  expected<std::size_t> array_size(std::size_t most) const;
  json_value item(std::size_t i) const;
  /// @pre check_object
  std::optional<json_value> find(std::string_view key) const;
  /// Errors: the key is missing. @pre check_object
  expected<json_value> need(std::string_view key) const;

  expected<std::string> text() const;
  expected<bool> boolean() const;
  /// A whole number within `least` ... `most`.
  expected<std::int64_t> number(std::int64_t least, std::int64_t most) const;
  expected<double> real() const;
  /// A text that `parse` (of metadata/units.hpp) understands.
  template <class T>
  expected<T> parsed(expected<T> (*parse)(std::string_view)) const {
    auto t = text();
    if (!t)
      return tl::unexpected(t.error());
    auto x = parse(*t);
    if (!x)
      return wrong(x.error().message);
    return x;
  }

private:
  const nlohmann::json* value_;
  std::string path_;
};

} // namespace baton::scheduling
