#include "metadata/importer/external_data.hpp"

#include <algorithm>
#include <charconv>

#include "metadata/importer/problem.hpp"

namespace baton::metadata::importer {

namespace {

namespace fs = std::filesystem;

std::uint64_t number(const std::string& what, const std::string& text) {
  std::uint64_t n = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, failed] = std::from_chars(text.data(), end, n);
  demand(failed == std::errc{} && stop == end,
         "its external data's " + what + " '" + text + "' is not a number of bytes");
  return n;
}

/// The file that `location` names, links resolved.
fs::path resolve(const fs::path& model_file, const std::string& location) {
  const auto who = "its external data's file '" + location + "' ";
  const fs::path given(location);
  demand(!location.empty() && location.find('\0') == std::string::npos, "its external data names no file");
  demand(!given.is_absolute(), who + "must be named relative to the model's folder");
  demand(std::find(given.begin(), given.end(), "..") == given.end(), who + "lies outside of the model's folder");
  std::error_code failed;
  const auto folder = fs::canonical(fs::absolute(model_file).parent_path(), failed);
  demand(!failed, "the model's folder cannot be read");
  auto file = fs::canonical(folder / given, failed);
  demand(!failed, who + "is not there");
  demand(std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end(),
         who + "lies outside of the model's folder");
  demand(fs::is_regular_file(file, failed), who + "is not a regular file");
  return file;
}

} // namespace

void external_data::set(const std::string& key, std::string text) {
  if (key == "location")
    location_ = std::move(text);
  else if (key == "offset")
    offset_ = std::move(text);
  else if (key == "length")
    length_ = std::move(text);
}

weight_source external_data::find(const fs::path& model_file, std::uint64_t needed) const {
  demand(location_.has_value(), "its data is in another file that is not named");
  weight_source source;
  source.file = resolve(model_file, *location_);
  source.offset = offset_ ? number("offset", *offset_) : 0;
  source.bytes = length_ ? number("length", *length_) : needed;
  std::error_code failed;
  const auto size = fs::file_size(source.file, failed);
  demand(!failed && source.offset <= size && source.bytes <= size - source.offset,
         "its external data's file '" + *location_ + "' has " + std::to_string(failed ? 0 : size)
             + " bytes, too few for " + std::to_string(source.bytes) + " at offset " + std::to_string(source.offset));
  return source;
}

} // namespace baton::metadata::importer
