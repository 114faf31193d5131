#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "metadata/error.hpp"

/// Content codings of HTTP, by zlib. Source: RFC 9110, 8.4.1: "deflate" is the zlib format.
namespace baton::apps::http {

enum class coding : std::uint8_t { identity, gzip, deflate };

/// "gzip"; empty for identity.
std::string_view to_string(coding c);
/// The coding of that name, of any case; "" is identity. Nothing for one that is not known.
std::optional<coding> coding_of(std::string_view name);
/// The first of gzip and deflate that an Accept-Encoding field takes with the highest weight; identity otherwise.
coding best_coding(std::string_view accepted);

/// Errors: `overloaded` once the result is larger than `limit` (it is not read any further), `bad_request` for what is
/// damaged, cut off or has something behind its end.
expected<std::string> inflate(std::string_view data, coding c, std::size_t limit);
/// Fast rather than small. @pre not identity
std::string deflate(std::string_view data, coding c);

} // namespace baton::apps::http
