#include "metadata/importer/tensor_entry.hpp"

#include <cstring>

#include <onnx/onnx_pb.h>

#include "metadata/defaults.hpp"
#include "metadata/importer/external_data.hpp"
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
    try {
      settle();
    } catch (const problem& p) {
      entry_.flaw = "initializer '" + entry_.name + "': " + p.what();
    }
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
    case tag(proto::kExternalDataFieldNumber, kind::bytes): wire::nested(in_, [this] { external_entry(); }); break;
    default: wire::skip(in_, t);
    }
  }

  void extent() {
    const auto n = wire::varint(in_);
    if (entry_.extents.size() <= defaults::max_rank) // one too many is enough to know
      entry_.extents.push_back(n);
  }

  void external_entry() {
    using pair = onnx::StringStringEntryProto;
    std::string key;
    std::string text;
    wire::fields(in_, [&](std::uint32_t t) {
      if (t == tag(pair::kKeyFieldNumber, kind::bytes))
        key = wire::bytes(in_);
      else if (t == tag(pair::kValueFieldNumber, kind::bytes))
        text = wire::bytes(in_);
      else
        wire::skip(in_, t);
    });
    elsewhere_.set(key, std::move(text));
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
      return locate();
    }
    // protobuf allows several packed runs; exporters write one
    scattered_ = true;
    if (!in_.Skip(wire::length(in_)))
      wire::malformed();
  }

  void one_float() {
    std::uint32_t bits = 0;
    scattered_ = scattered_ || packed_;
    if (!in_.ReadLittleEndian32(&bits))
      wire::malformed();
    floats_.push_back(bits);
  }

  /// When all fields are known: where the bytes are, and whether they fill the shape. Throws `problem`.
  void settle() {
    demand(entry_.extents.size() <= defaults::max_rank, "it has too many extents");
    for (const auto extent : entry_.extents)
      demand(extent >= 0, "it has the negative extent " + std::to_string(extent));
    demand(!scattered_, "its float_data is scattered, which is not supported");
    const auto needed = bytes_needed();
    if (external_) {
      demand(!raw_ && !packed_ && floats_.empty() && integers_.empty(), "its data is both here and in another file");
      entry_.source = elsewhere_.find(file_, needed.value_or(0));
    } else if (!raw_ && !packed_) {
      take_typed_data();
    }
    demand(!needed || entry_.source.bytes == *needed, "it has " + std::to_string(entry_.source.bytes)
                                                          + " bytes where shape " + shape_ + " needs "
                                                          + std::to_string(needed.value_or(0)));
  }

  void take_typed_data() {
    auto& bytes = entry_.source.inline_bytes;
    const auto fill = [&](const auto& elements) {
      bytes.resize(elements.size() * sizeof(elements[0]));
      if (!bytes.empty())
        std::memcpy(bytes.data(), elements.data(), bytes.size());
    };
    if (entry_.data_type == proto::FLOAT)
      fill(floats_);
    else if (entry_.data_type == proto::INT32)
      fill(std::vector<std::int32_t>(integers_.begin(), integers_.end()));
    else if (entry_.data_type == proto::BOOL)
      fill(std::vector<std::uint8_t>(integers_.begin(), integers_.end()));
    else
      fill(integers_);
    entry_.source.bytes = bytes.size();
  }

  /// Of its shape; nothing for a type that no layer takes.
  std::optional<std::uint64_t> bytes_needed() {
    const auto type = entry_.type();
    std::uint64_t needed = type ? size_of(*type) : 1;
    auto overflow = false;
    for (const auto extent : entry_.extents) {
      overflow = __builtin_mul_overflow(needed, static_cast<std::uint64_t>(extent), &needed) || overflow;
      shape_ += (shape_.empty() ? "[" : ",") + std::to_string(extent);
    }
    shape_ += shape_.empty() ? "[]" : "]";
    demand(!overflow, "its shape " + shape_ + " is absurdly large");
    return type ? std::optional(needed) : std::nullopt;
  }

  wire::stream& in_;
  std::uint64_t base_;
  const std::filesystem::path& file_;
  tensor_entry entry_;
  bool raw_ = false;
  bool packed_ = false;
  bool external_ = false;
  bool scattered_ = false;
  std::string shape_;
  external_data elsewhere_;
  std::vector<std::uint32_t> floats_;
  std::vector<std::int64_t> integers_;
};

} // namespace

std::optional<element_type> tensor_entry::type() const {
  if (data_type == proto::FLOAT)
    return element_type::float32;
  if (data_type == proto::INT64)
    return element_type::int64;
  if (data_type == proto::INT32)
    return element_type::int32;
  if (data_type == proto::BOOL)
    return element_type::boolean;
  return std::nullopt;
}

tensor_entry read_tensor(google::protobuf::io::CodedInputStream& in, std::uint64_t base,
                         const std::filesystem::path& file) {
  return tensor_reader(in, base, file).run();
}

} // namespace baton::metadata::importer
