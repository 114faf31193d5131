#include "apps/tensor_file.hpp"

#include <array>
#include <span>

#include <fmt/format.h>

#include "apps/image.hpp"
#include "metadata/npy.hpp"
#include "metadata/sized_file.hpp"
#include "metadata/tensor_pb.hpp"

namespace baton::apps {

namespace {

std::string extension(const std::filesystem::path& file) {
  auto e = file.extension().string();
  for (auto& c : e)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return e;
}

} // namespace

expected<input_file_kind> kind_of_file(const std::filesystem::path& file) {
  auto opened = metadata::open_sized(file);
  if (!opened)
    return tl::unexpected(opened.error());
  auto& in = opened->in;
  std::array<char, 8> start{};
  in.read(start.data(), start.size());
  if (!in && !in.eof())
    return fail(errc::io, file.string() + ": cannot be read");
  const std::string_view begin{start.data(), static_cast<std::size_t>(in.gcount())};
  if (begin.starts_with("\x93NUMPY"))
    return input_file_kind::npy;
  if (looks_like_picture(std::as_bytes(std::span{begin})))
    return input_file_kind::picture;
  const auto e = extension(file);
  if (e == ".npy")
    return input_file_kind::npy;
  if (e == ".pb")
    return input_file_kind::tensor_pb;
  if (e == ".png" || e == ".jpg" || e == ".jpeg")
    return input_file_kind::picture;
  return fail(errc::bad_argument, file.string() + ": is none of .npy, .pb (an ONNX tensor), PNG and JPEG");
}

expected<metadata::tensor> read_tensor_file(const std::filesystem::path& file, input_file_kind kind) {
  return kind == input_file_kind::npy ? metadata::read_npy(file) : metadata::read_tensor_pb(file);
}

expected<void> check_tensor_file(const std::filesystem::path& file) {
  const auto e = extension(file);
  if (const auto folder = file.parent_path(); !folder.empty() && !std::filesystem::is_directory(folder))
    return fail(errc::not_found, file.string() + ": there is no such folder to write to");
  if (e == ".npy" || e == ".pb")
    return {};
  return fail(errc::bad_argument, file.string() + ": an output is written as .npy or .pb, say which");
}

expected<void> write_tensor_file(const std::filesystem::path& file, const metadata::tensor& t,
                                 const std::string& name) {
  return extension(file) == ".pb" ? metadata::write_tensor_pb(file, t, name) : metadata::write_npy(file, t);
}

} // namespace baton::apps
