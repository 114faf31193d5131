#pragma once

#include <string>
#include <string_view>

namespace baton::apps::http {

/// Appends `text` as a JSON string; bytes that are no UTF-8 are replaced.
void append_quoted(std::string& out, std::string_view text);
/// The same, on its own.
std::string quote_json(std::string_view text);
/// Text of a client's between quotes, shortened for a sentence.
std::string in_quotes(std::string_view text);

} // namespace baton::apps::http
