#pragma once

#include <string>
#include <string_view>

namespace baton::metadata {

/// A user's text between quotes, shortened and without control characters: for a sentence.
inline std::string in_quotes(std::string_view text) {
  constexpr std::size_t most = 100;
  std::string out{"'"};
  for (const char c : text.substr(0, most))
    out += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  return out + (text.size() <= most ? "'" : "...'");
}

} // namespace baton::metadata
