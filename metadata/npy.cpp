#include "metadata/npy.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "metadata/defaults.hpp"
#include "metadata/sized_file.hpp"

namespace baton::metadata {

namespace {

constexpr std::string_view magic = "\x93NUMPY";

struct npy_header {
  std::string type;
  std::vector<std::int64_t> shape;
  bool fortran_order = false;
};

/// What follows `'key':` in the header's dictionary, up to the end.
std::optional<std::string_view> after_key(std::string_view text, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const auto quoted = quote + std::string(key) + quote;
    const auto at = text.find(quoted);
    if (at == std::string_view::npos)
      continue;
    const auto begin = text.find_first_not_of(" :", at + quoted.size());
    if (begin != std::string_view::npos)
      return text.substr(begin);
  }
  return std::nullopt;
}

std::optional<std::vector<std::int64_t>> parse_shape(std::string_view text) {
  const auto close = text.find(')');
  if (text.empty() || text.front() != '(' || close == std::string_view::npos)
    return std::nullopt;
  std::vector<std::int64_t> shape;
  auto rest = text.substr(1, close - 1);
  while (true) {
    const auto begin = rest.find_first_not_of(" ,");
    if (begin == std::string_view::npos)
      return shape;
    rest.remove_prefix(begin);
    std::int64_t extent = 0;
    const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), extent);
    if (failed != std::errc{} || extent < 0 || shape.size() == defaults::max_rank)
      return std::nullopt;
    shape.push_back(extent);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (!rest.empty() && rest.front() == 'L') // written by Python 2
      rest.remove_prefix(1);
  }
}

std::optional<npy_header> parse_header(std::string_view text) {
  npy_header h;
  const auto descr = after_key(text, "descr");
  const auto order = after_key(text, "fortran_order");
  const auto shape = after_key(text, "shape");
  if (!descr || !order || !shape || descr->size() < 2 || (descr->front() != '\'' && descr->front() != '"'))
    return std::nullopt;
  h.type = descr->substr(1, descr->find(descr->front(), 1) - 1);
  h.fortran_order = order->starts_with("True");
  if (!h.fortran_order && !order->starts_with("False"))
    return std::nullopt;
  auto extents = parse_shape(*shape);
  if (!extents)
    return std::nullopt;
  h.shape = std::move(*extents);
  return h;
}

struct npy_type {
  std::string_view name;
  element_type type;
};

/// NumPy has no bfloat16; its bits are written as two bytes of no meaning, as its extensions do.
constexpr npy_type types[] = {
    {"<f4", element_type::float32}, {"<i8", element_type::int64},   {"|b1", element_type::boolean},
    {"|i1", element_type::int8},    {"<i2", element_type::int16},   {"<i4", element_type::int32},
    {"|u1", element_type::uint8},   {"<u2", element_type::uint16},  {"<u4", element_type::uint32},
    {"<u8", element_type::uint64},  {"<f2", element_type::float16}, {"<V2", element_type::bfloat16},
    {"<f8", element_type::float64}};

/// Whether elements of `size` in that shape take exactly `bytes`.
bool fills(const std::vector<std::int64_t>& shape, std::size_t size, std::uint64_t bytes) {
  std::uint64_t product = size;
  for (const auto extent : shape)
    if (__builtin_mul_overflow(product, static_cast<std::uint64_t>(extent), &product))
      return false;
  return product == bytes;
}

} // namespace

expected<tensor> read_npy(const std::filesystem::path& file) {
  const auto who = file.string() + ": ";
  auto opened = open_sized(file);
  if (!opened)
    return tl::unexpected(opened.error());
  auto& in = opened->in;
  const auto size = opened->bytes;
  char start[12] = {};
  in.read(start, 8);
  if (in.gcount() != 8 || std::string_view(start, 6) != magic)
    return fail(errc::bad_argument, who + "is not a .npy file");
  const auto version = start[6];
  const std::streamsize length_bytes = version == 1 ? 2 : 4;
  if (version < 1 || version > 3 || !in.read(start + 8, length_bytes))
    return fail(errc::bad_argument, who + "has an unknown .npy version");
  std::uint64_t length = 0;
  for (std::streamsize i = length_bytes; i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(start[8 + i]);
  const auto data_at = 8 + static_cast<std::uint64_t>(length_bytes) + length;
  if (length > defaults::max_npy_header || data_at > size)
    return fail(errc::bad_argument, who + "its .npy header is cut off or too long");
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  const auto header = parse_header(text);
  if (!header)
    return fail(errc::bad_argument, who + "its .npy header cannot be understood");
  const auto* type = std::find_if(std::begin(types), std::end(types), [&](const auto& t) {
    return t.name == header->type || (t.name == "<V2" && header->type == "|V2");
  });
  if (type == std::end(types)) {
    std::string names;
    for (const auto& t : types)
      names += (names.empty() ? "" : ", ") + std::string(t.name);
    return fail(errc::bad_argument, who + "element type '" + header->type + "' is none of " + names);
  }
  if (header->fortran_order && header->shape.size() > 1)
    return fail(errc::bad_argument, who + "is in Fortran order; save it with numpy.ascontiguousarray");
  if (!fills(header->shape, size_of(type->type), size - data_at))
    return fail(errc::bad_argument, who + "its size does not fit its shape");
  try {
    tensor t(type->type, header->shape);
    in.read(reinterpret_cast<char*>(t.mutable_data()), static_cast<std::streamsize>(size - data_at));
    if (in.gcount() != static_cast<std::streamsize>(size - data_at))
      return fail(errc::io, who + "cannot be read");
    return t;
  } catch (const std::bad_alloc&) {
    return fail(errc::out_of_memory, who + "no memory for it");
  }
}

expected<void> write_npy(const std::filesystem::path& file, const tensor& t) {
  std::string header = "{'descr': '";
  header += std::find_if(std::begin(types), std::end(types), [&](const auto& n) { return n.type == t.type(); })->name;
  header += "', 'fortran_order': False, 'shape': (";
  for (const auto extent : t.shape())
    header += std::to_string(extent) + ", ";
  header += "), }";
  // The data begins at a multiple of 64, and the header ends in a newline.
  constexpr std::size_t fixed = 10;
  header.append(63 - (fixed + header.size()) % 64, ' ');
  header += '\n';
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  const char version_and_length[] = {1, 0, static_cast<char>(header.size() & 0xFF),
                                     static_cast<char>(header.size() >> 8)};
  out.write(magic.data(), static_cast<std::streamsize>(magic.size()));
  out.write(version_and_length, sizeof(version_and_length));
  out.write(header.data(), static_cast<std::streamsize>(header.size()));
  out.write(reinterpret_cast<const char*>(t.data()), static_cast<std::streamsize>(t.bytes()));
  out.close();
  if (!out)
    return fail(errc::io, file.string() + ": cannot be written");
  return {};
}

} // namespace baton::metadata
