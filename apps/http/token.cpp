#include "apps/http/token.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include <boost/beast/core/string.hpp>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

namespace baton::apps::http {

namespace {

constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t longest = 4096; ///< a longer one would not fit beside other fields of a header

auto digest_of(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  ::SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

} // namespace

expected<bearer_token> bearer_token::read(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text(longest + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad() || (in.gcount() == 0 && !in.eof()))
    return fail(errc::io, fmt::format("token file '{}' cannot be read", file.string()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  text.erase(text.find_last_not_of(blanks) + 1);
  text.erase(0, text.find_first_not_of(blanks));
  if (text.empty())
    return fail(errc::bad_argument, fmt::format("token file '{}' is empty", file.string()));
  auto printable = [](char c) { return c > ' ' && c <= '~'; };
  if (text.size() > longest || !std::all_of(text.begin(), text.end(), printable))
    return fail(errc::bad_argument,
                fmt::format("token file '{}' does not hold one word of at most {} printable characters", file.string(),
                            longest));
  return bearer_token{text};
}

bearer_token::bearer_token(std::string_view token) : digest_(digest_of(token)) {}

bool bearer_token::opens(std::string_view authorization) const {
  constexpr std::string_view scheme = "bearer ";
  auto given = authorization.substr(0, scheme.size());
  if (!boost::beast::iequals({given.data(), given.size()}, {scheme.data(), scheme.size()}))
    return false;
  authorization.remove_prefix(scheme.size());
  auto first = authorization.find_first_not_of(' ');
  auto shown = digest_of(first == authorization.npos ? std::string_view{} : authorization.substr(first));
  return ::CRYPTO_memcmp(shown.data(), digest_.data(), digest_.size()) == 0;
}

} // namespace baton::apps::http
