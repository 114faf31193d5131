#include "metadata/sized_file.hpp"

namespace baton::metadata {

expected<sized_file> open_sized(const std::filesystem::path& file) {
  std::error_code failed;
  if (!std::filesystem::exists(file, failed))
    return fail(errc::not_found, file.string() + ": there is no such file");
  sized_file opened;
  opened.bytes = std::filesystem::file_size(file, failed);
  if (!failed)
    opened.in.open(file, std::ios::binary);
  if (!opened.in.is_open())
    return fail(errc::io, file.string() + ": cannot be read");
  return opened;
}

} // namespace baton::metadata
