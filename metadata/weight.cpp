#include <cstring>
#include <fstream>

#include "metadata/weight.hpp"

namespace baton::metadata {

expected<tensor> model::read_weight(value_index v) const {
  auto result = metadata::read_weight(p_.values[v]);
  if (!result)
    return fail(result.error().code, "model '" + p_.name + "': " + result.error().message);
  return result;
}

expected<tensor> read_weight(const value& value) {
  const auto who = "weight '" + value.name + "': ";
  if (value.origin != value_origin::weight)
    return fail(errc::internal, who + "it is not a weight");
  const auto& source = value.weight;
  // The file is asked first: it may have become shorter since the import.
  std::ifstream file;
  if (!source.file.empty()) {
    std::error_code failed;
    const auto size = std::filesystem::file_size(source.file, failed);
    file.open(source.file, std::ios::binary);
    if (failed || !file)
      return fail(errc::io, who + "cannot read " + source.file.string());
    if (source.offset > size || source.bytes > size - source.offset)
      return fail(errc::io, who + source.file.string() + " has become shorter");
  }
  try {
    std::vector<std::int64_t> shape;
    for (const auto& extent : value.shape)
      shape.push_back(extent.bind({}));
    tensor result(value.type, shape);
    if (source.seeded) {
      fill(*source.seeded, result.as_mutable<float>());
      return result;
    }
    if (source.file.empty()) {
      std::memcpy(result.mutable_data(), source.inline_bytes.data(), result.bytes());
      return result;
    }
    file.seekg(static_cast<std::streamoff>(source.offset));
    file.read(reinterpret_cast<char*>(result.mutable_data()), static_cast<std::streamsize>(result.bytes()));
    if (file.gcount() != static_cast<std::streamsize>(result.bytes()))
      return fail(errc::io, who + "cannot read " + source.file.string());
    return result;
  } catch (const std::bad_alloc&) {
    return fail(errc::out_of_memory, who + "no memory for its " + std::to_string(source.bytes) + " bytes");
  }
}

} // namespace baton::metadata
