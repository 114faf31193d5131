#include "apps/text_file.hpp"

#include <fstream>

#include "metadata/sized_file.hpp"

namespace baton::apps {

expected<std::string> read_text_file(const std::filesystem::path& file) {
  auto opened = metadata::open_sized(file);
  if (!opened)
    return tl::unexpected(opened.error());
  std::string text(static_cast<std::size_t>(opened->bytes), '\0');
  if (!opened->in.read(text.data(), static_cast<std::streamsize>(text.size())))
    return fail(errc::io, file.string() + ": cannot be read");
  return text;
}

expected<void> write_text_file(const std::filesystem::path& file, const std::string& text) {
  auto neighbour = file;
  neighbour += ".part";
  std::ofstream out(neighbour, std::ios::binary);
  out << text;
  out.close();
  std::error_code failed;
  if (out)
    std::filesystem::rename(neighbour, file, failed);
  if (!out || failed)
    return fail(errc::io, file.string() + ": cannot be written");
  return {};
}

} // namespace baton::apps
