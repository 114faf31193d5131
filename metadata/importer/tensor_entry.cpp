#include "metadata/importer/tensor_entry.hpp"

#include <cstring>

#include <onnx/onnx_pb.h>

#include "metadata/defaults.hpp"
#include "metadata/importer/wire.hpp"

namespace baton::metadata::importer {

namespace {

using proto = onnx::TensorProto;
using wire::kind;
using wire::tag;

/// Gathers the data fields of one tensor.
class tensor_reader {
public:
  tensor_reader(wire::stream& in, std::uint64_t base, const std::filesystem::path& file)
      : in_(in), base_(base), file_(file) {}

  tensor_entry run() {
    wire::fields(in_, [this](std::uint32_t t) { field(t); });
    const auto who = "initializer '" + entry_.name + "': ";
    demand(!external_, who + "its data is in another file, which is not supported");
    for (const auto extent : entry_.extents)
      demand(extent >= 0, who + "has the negative extent " + std::to_string(extent));
    if (!raw_)
      take_typed_data();
    check_size(who);
    return std::move(entry_);
  }

private:
  void field(std::uint32_t t) {
    switch (t) {
    case tag(proto::kDimsFieldNumber, kind::varint): extent(); break;
    case tag(proto::kDimsFieldNumber, kind::bytes):
      wire::nested(in_, [this] {
        while (in_.BytesUntilLimit() > 0)
          extent();
      });
      break;
    case tag(proto::kDataTypeFieldNumber, kind::varint):
      entry_.data_type = static_cast<std::int32_t>(wire::varint(in_));
      break;
    case tag(proto::kNameFieldNumber, kind::bytes): entry_.name = wire::bytes(in_); break;
    case tag(proto::kRawDataFieldNumber, kind::bytes):
      raw_ = true;
      locate();
      break;
    case tag(proto::kFloatDataFieldNumber, kind::bytes): floats(); break;
    case tag(proto::kFloatDataFieldNumber, kind::fixed32): one_float(); break;
    case tag(proto::kInt32DataFieldNumber, kind::varint):
    case tag(proto::kInt64DataFieldNumber, kind::varint): integers_.push_back(wire::varint(in_)); break;
    case tag(proto::kInt32DataFieldNumber, kind::bytes):
    case tag(proto::kInt64DataFieldNumber, kind::bytes):
      wire::nested(in_, [this] {
        while (in_.BytesUntilLimit() > 0)
          integers_.push_back(wire::varint(in_));
      });
      break;
    case tag(proto::kDataLocationFieldNumber, kind::varint):
      external_ = wire::varint(in_) == proto::EXTERNAL || external_;
      break;
    case tag(proto::kExternalDataFieldNumber, kind::bytes):
      external_ = true;
      wire::skip(in_, t);
      break;
    default: wire::skip(in_, t);
    }
  }

  void extent() {
    demand(entry_.extents.size() < defaults::max_rank, "initializer '" + entry_.name + "' has too many extents");
    entry_.extents.push_back(wire::varint(in_));
  }

  /// Notes where the bytes are and passes over them.
  void locate() {
    const auto bytes = wire::length(in_);
    entry_.source.file = file_;
    entry_.source.offset = base_ + static_cast<std::uint64_t>(in_.CurrentPosition());
    entry_.source.bytes = static_cast<std::uint64_t>(bytes);
    entry_.source.inline_bytes.clear();
    if (!in_.Skip(bytes))
      wire::malformed();
  }

  void floats() {
    if (!raw_ && !packed_ && floats_.empty()) {
      packed_ = true;
      locate();
      return;
    }
    // protobuf allows several packed runs; exporters write one
    throw problem("initializer '" + entry_.name + "': its float_data is scattered, which is not supported");
  }

  void one_float() {
    std::uint32_t bits = 0;
    if (packed_)
      floats();
    if (!in_.ReadLittleEndian32(&bits))
      wire::malformed();
    floats_.push_back(bits);
  }

  void take_typed_data() {
    if (packed_)
      return;
    auto& bytes = entry_.source.inline_bytes;
    const auto fill = [&](const auto& elements) {
      bytes.resize(elements.size() * sizeof(elements[0]));
      if (!bytes.empty())
        std::memcpy(bytes.data(), elements.data(), bytes.size());
    };
    if (entry_.data_type == proto::FLOAT)
      fill(floats_);
    else
      fill(integers_);
    entry_.source.bytes = bytes.size();
  }

  void check_size(const std::string& who) const {
    const auto type = entry_.type();
    if (!type)
      return;
    std::uint64_t needed = size_of(*type);
    std::string shape;
    auto overflow = false;
    for (const auto extent : entry_.extents) {
      overflow = __builtin_mul_overflow(needed, static_cast<std::uint64_t>(extent), &needed) || overflow;
      shape += (shape.empty() ? "" : ",") + std::to_string(extent);
    }
    demand(!overflow, who + "its shape [" + shape + "] is absurdly large");
    demand(entry_.source.bytes == needed, who + "it has " + std::to_string(entry_.source.bytes) + " bytes where shape ["
                                              + shape + "] needs " + std::to_string(needed));
  }

  wire::stream& in_;
  std::uint64_t base_;
  const std::filesystem::path& file_;
  tensor_entry entry_;
  bool raw_ = false;
  bool packed_ = false;
  bool external_ = false;
  std::vector<std::uint32_t> floats_;
  std::vector<std::int64_t> integers_;
};

} // namespace

std::optional<element_type> tensor_entry::type() const {
  if (data_type == proto::FLOAT)
    return element_type::float32;
  if (data_type == proto::INT64)
    return element_type::int64;
  return std::nullopt;
}

tensor_entry read_tensor(google::protobuf::io::CodedInputStream& in, std::uint64_t base,
                         const std::filesystem::path& file) {
  return tensor_reader(in, base, file).run();
}

} // namespace baton::metadata::importer
