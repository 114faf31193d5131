#pragma once

#include <array>
#include <filesystem>
#include <string_view>

#include "metadata/error.hpp"

namespace baton::apps::http {

/// The token that clients must show. Only its digest is kept, and compared in a time that does not depend on either.
class bearer_token {
public:
  /// The token is the file's content, without blanks and line ends around it. Errors: `io`: the file cannot be read;
  /// `bad_argument`: it is empty, or holds more than a token.
  static expected<bearer_token> read(const std::filesystem::path& file);
  explicit bearer_token(std::string_view token);

  /// Whether an Authorization field shows it: "Bearer TOKEN".
  bool opens(std::string_view authorization) const;

private:
  std::array<unsigned char, 32> digest_{};
};

} // namespace baton::apps::http
