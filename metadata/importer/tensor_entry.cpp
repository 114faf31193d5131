#include "metadata/importer/tensor_entry.hpp"

#include <cstring>
#include <span>

#include <onnx/onnx_pb.h>

#include "metadata/defaults.hpp"
#include "metadata/importer/onnx_types.hpp"
#include "metadata/importer/wire.hpp"
#include "metadata/numeric.hpp"

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
    case tag(proto::kFloatDataFieldNumber, kind::bytes): packed(proto::FLOAT); break;
    case tag(proto::kFloatDataFieldNumber, kind::fixed32): one_float(); break;
    case tag(proto::kDoubleDataFieldNumber, kind::bytes): packed(proto::DOUBLE); break;
    case tag(proto::kDoubleDataFieldNumber, kind::fixed64): one_double(); break;
    case tag(proto::kInt32DataFieldNumber, kind::varint):
    case tag(proto::kInt64DataFieldNumber, kind::varint):
    case tag(proto::kUint64DataFieldNumber, kind::varint): integer(t >> 3); break;
    case tag(proto::kInt32DataFieldNumber, kind::bytes):
    case tag(proto::kInt64DataFieldNumber, kind::bytes):
    case tag(proto::kUint64DataFieldNumber, kind::bytes):
      wire::nested(in_, [this, t] {
        while (in_.BytesUntilLimit() > 0)
          integer(t >> 3);
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

  void integer(std::uint32_t field) {
    demand(integers_.empty() || field == integer_field_, who() + "its elements stand in several fields");
    integer_field_ = field;
    integers_.push_back(wire::varint(in_));
  }

  /// One packed run of float_data or double_data stays in the file. protobuf allows several; exporters write one.
  void packed(std::int32_t type) {
    demand(!raw_ && packed_ == proto::UNDEFINED && floats_.empty() && doubles_.empty(),
           who() + "its data is scattered, which is not supported");
    packed_ = type;
    locate();
  }

  void one_float() {
    std::uint32_t bits = 0;
    demand(packed_ == proto::UNDEFINED, who() + "its data is scattered, which is not supported");
    if (!in_.ReadLittleEndian32(&bits))
      wire::malformed();
    floats_.push_back(bits);
  }

  void one_double() {
    std::uint64_t bits = 0;
    demand(packed_ == proto::UNDEFINED, who() + "its data is scattered, which is not supported");
    if (!in_.ReadLittleEndian64(&bits))
      wire::malformed();
    doubles_.push_back(bits);
  }

  /// The field that holds integers of that type, by the specification.
  static std::uint32_t integer_field_of(element_type type) {
    switch (type) {
    case element_type::int64: return proto::kInt64DataFieldNumber;
    case element_type::uint32:
    case element_type::uint64: return proto::kUint64DataFieldNumber;
    default: return proto::kInt32DataFieldNumber;
    }
  }

  void take_typed_data() {
    const auto type = entry_.type();
    auto& bytes = entry_.source.inline_bytes;
    if (packed_ != proto::UNDEFINED) {
      demand(packed_ == entry_.data_type || !type, who() + "its data stands in the field of another type");
      return;
    }
    if (!type)
      return;
    const auto fill = [&](const auto& elements) {
      const auto all = std::as_bytes(std::span(elements));
      bytes.assign(all.begin(), all.end());
    };
    if (*type == element_type::float32)
      fill(floats_);
    else if (*type == element_type::float64)
      fill(doubles_);
    else if (integers_.empty() || integer_field_ == integer_field_of(*type))
      with_type(*type, [&]<class T>(std::type_identity<T>) { take_integers<T>(); });
    entry_.source.bytes = bytes.size();
  }

  /// The halves stand in int32_data as their 16 bits.
  template <class T>
  void take_integers() {
    auto& bytes = entry_.source.inline_bytes;
    bytes.resize(integers_.size() * sizeof(T));
    for (std::size_t i = 0; i < integers_.size(); ++i) {
      using stored = std::conditional_t<is_half<T>, std::uint16_t,
                                        std::conditional_t<std::is_same_v<T, boolean_element>, std::uint8_t, T>>;
      if constexpr (std::is_integral_v<stored>) {
        const auto element = static_cast<stored>(integers_[i]);
        demand(static_cast<std::int64_t>(element) == integers_[i],
               who() + "its element " + std::to_string(i) + " does not fit its type");
        std::memcpy(bytes.data() + i * sizeof(T), &element, sizeof(T));
      }
    }
  }

  std::string who() const { return "initializer '" + entry_.name + "': "; }

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
  std::int32_t packed_ = proto::UNDEFINED; ///< the type whose packed run is there
  bool external_ = false;
  std::vector<std::uint32_t> floats_;
  std::vector<std::uint64_t> doubles_;
  std::vector<std::int64_t> integers_;
  std::uint32_t integer_field_ = 0;
};

} // namespace

std::optional<element_type> tensor_entry::type() const {
  return from_onnx(data_type);
}

tensor_entry read_tensor(google::protobuf::io::CodedInputStream& in, std::uint64_t base,
                         const std::filesystem::path& file) {
  return tensor_reader(in, base, file).run();
}

} // namespace baton::metadata::importer
