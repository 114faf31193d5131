#include "metadata/tensor_pb.hpp"

#include <bit>
#include <cstring>
#include <fstream>
#include <limits>
#include <optional>

#include <onnx/onnx_pb.h>

#include "metadata/defaults.hpp"
#include "metadata/importer/problem.hpp"
#include "metadata/sized_file.hpp"

namespace baton::metadata {

namespace {

using importer::demand;
using importer::problem;
using proto = onnx::TensorProto;

static_assert(std::endian::native == std::endian::little, "raw_data is little-endian");

std::int32_t proto_type(element_type type) {
  switch (type) {
  case element_type::float32: return proto::FLOAT;
  case element_type::int64: return proto::INT64;
  case element_type::boolean: return proto::BOOL;
  case element_type::int8: return proto::INT8;
  case element_type::int16: return proto::INT16;
  case element_type::int32: return proto::INT32;
  case element_type::uint8: return proto::UINT8;
  case element_type::uint16: return proto::UINT16;
  case element_type::uint32: return proto::UINT32;
  case element_type::uint64: return proto::UINT64;
  case element_type::float16: return proto::FLOAT16;
  case element_type::bfloat16: return proto::BFLOAT16;
  case element_type::float64: return proto::DOUBLE;
  }
  return proto::UNDEFINED;
}

element_type type_of(const proto& p) {
  for (const auto type : all_element_types)
    if (proto_type(type) == p.data_type())
      return type;
  demand(p.data_type() != proto::UNDEFINED, "is not an ONNX tensor");
  const auto& name = proto::DataType_IsValid(p.data_type())
                         ? proto::DataType_Name(static_cast<proto::DataType>(p.data_type()))
                         : std::to_string(p.data_type());
  throw problem("its element type " + name + " is not supported");
}

/// The name of a sequence or an optional reads as extents.
constexpr const char* perhaps = "; is it a sequence or an optional?";

/// The shape, whose product is known to fit.
std::vector<std::int64_t> shape_of(const proto& p, std::size_t element_bytes) {
  demand(p.dims_size() <= static_cast<int>(defaults::max_rank), std::string("it has too many extents") + perhaps);
  auto bytes = static_cast<std::int64_t>(element_bytes);
  for (const auto extent : p.dims())
    demand(extent >= 0 && !__builtin_mul_overflow(bytes, extent, &bytes),
           "its shape has the impossible extent " + std::to_string(extent));
  // Checked against the data before anything of that size is allocated.
  demand(bytes <= static_cast<std::int64_t>(defaults::max_file_bytes),
         std::string("its shape needs more data than a file can hold") + perhaps);
  return {p.dims().begin(), p.dims().end()};
}

void same_count(std::size_t there, std::size_t needed, const char* what) {
  demand(there == needed,
         "it has " + std::to_string(there) + ' ' + what + " where its shape needs " + std::to_string(needed));
}

[[noreturn]] void outside(const std::string& element, element_type type) {
  throw problem("its element " + element + " is outside " + std::string(to_string(type)));
}

template <class To, class List>
void take(const List& list, tensor& t, std::int64_t most = std::numeric_limits<To>::max()) {
  auto* to = t.as_mutable<To>().data();
  for (const auto x : list) {
    // As int64 also those beyond its range are outside: they are negative.
    if (static_cast<std::int64_t>(x) < std::int64_t{std::numeric_limits<To>::min()}
        || static_cast<std::int64_t>(x) > most)
      outside(std::to_string(x), t.type());
    *to++ = static_cast<To>(x);
  }
}

template <class List>
void take_all(const List& list, tensor& t) {
  if (!list.empty())
    std::memcpy(t.mutable_data(), list.data(), t.bytes());
}

std::size_t typed_elements(const proto& p, element_type type) {
  switch (type) {
  case element_type::float32: return static_cast<std::size_t>(p.float_data_size());
  case element_type::float64: return static_cast<std::size_t>(p.double_data_size());
  case element_type::int64: return static_cast<std::size_t>(p.int64_data_size());
  case element_type::uint32:
  case element_type::uint64: return static_cast<std::size_t>(p.uint64_data_size());
  default: return static_cast<std::size_t>(p.int32_data_size());
  }
}

void take_typed(const proto& p, tensor& t) {
  switch (t.type()) {
  case element_type::float32: return take_all(p.float_data(), t);
  case element_type::float64: return take_all(p.double_data(), t);
  case element_type::int64: return take_all(p.int64_data(), t);
  case element_type::uint64: return take_all(p.uint64_data(), t);
  case element_type::uint32: return take<std::uint32_t>(p.uint64_data(), t);
  case element_type::int32: return take<std::int32_t>(p.int32_data(), t);
  case element_type::int16: return take<std::int16_t>(p.int32_data(), t);
  case element_type::int8: return take<std::int8_t>(p.int32_data(), t);
  case element_type::uint8: return take<std::uint8_t>(p.int32_data(), t);
  case element_type::boolean: return take<std::uint8_t>(p.int32_data(), t, 1);
  case element_type::uint16:
  case element_type::float16: // as bits
  case element_type::bfloat16: return take<std::uint16_t>(p.int32_data(), t);
  }
}

tensor to_tensor(const proto& p) {
  // A sequence file reads as a tensor with a segment: the same field holds its elements.
  demand(!p.has_segment(), "is a sequence or a segment of a tensor, not a whole one");
  demand(p.data_location() != proto::EXTERNAL && p.external_data_size() == 0,
         "its data is in another file, which is not supported");
  const auto type = type_of(p);
  auto shape = shape_of(p, size_of(type));
  std::size_t elements = 1;
  for (const auto extent : shape)
    elements *= static_cast<std::size_t>(extent);
  const auto raw = p.has_raw_data();
  demand(!raw || typed_elements(p, type) == 0, "it has its data twice");
  if (raw)
    same_count(p.raw_data().size(), elements * size_of(type), "bytes");
  else
    same_count(typed_elements(p, type), elements, "elements");
  tensor t(type, std::move(shape));
  if (!raw)
    take_typed(p, t);
  else if (t.bytes() > 0)
    std::memcpy(t.mutable_data(), p.raw_data().data(), t.bytes());
  if (raw && type == element_type::boolean)
    for (const auto x : t.as<std::uint8_t>())
      if (x > 1)
        outside(std::to_string(x), type);
  return t;
}

} // namespace

expected<tensor> read_tensor_pb(const std::filesystem::path& file) {
  const auto who = file.string() + ": ";
  auto opened = open_sized(file);
  if (!opened)
    return tl::unexpected(opened.error());
  if (opened->bytes > defaults::max_file_bytes)
    return fail(errc::bad_argument, who + "is larger than a protobuf file can be");
  try {
    proto p;
    if (!p.ParseFromIstream(&opened->in))
      return fail(errc::bad_argument, who + "is truncated or not an ONNX tensor");
    return to_tensor(p);
  } catch (const problem& e) {
    return fail(errc::bad_argument, who + e.what());
  } catch (const std::bad_alloc&) {
    return fail(errc::out_of_memory, who + "no memory for it");
  }
}

expected<void> write_tensor_pb(const std::filesystem::path& file, const tensor& t, const std::string& name) {
  constexpr std::size_t room_for_the_rest = 1024;
  if (t.bytes() + name.size() + room_for_the_rest > defaults::max_file_bytes)
    return fail(errc::bad_argument, file.string() + ": a protobuf file cannot hold " + std::to_string(t.bytes())
                                        + " bytes; write a .npy file");
  proto p;
  p.set_name(name);
  p.set_data_type(proto_type(t.type()));
  for (const auto extent : t.shape())
    p.add_dims(extent);
  p.set_raw_data(t.data(), t.bytes());
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  if (!p.SerializeToOstream(&out) || (out.close(), !out))
    return fail(errc::io, file.string() + ": cannot be written");
  return {};
}

} // namespace baton::metadata
