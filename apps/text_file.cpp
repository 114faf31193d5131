#include "apps/text_file.hpp"

#include <fstream>
#include <sstream>

namespace baton::apps {

expected<std::string> read_text_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (!in || !(in.peek() == std::ifstream::traits_type::eof() || text << in.rdbuf()))
    return fail(errc::io, "cannot read " + file.string());
  return std::move(text).str();
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
    return fail(errc::io, "cannot write " + file.string());
  return {};
}

} // namespace baton::apps
