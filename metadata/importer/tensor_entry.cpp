#include "metadata/importer/tensor_entry.hpp"

#include <cstring>
#include <span>

#include <onnx/onnx_pb.h>

#include "metadata/defaults.hpp"
#include "metadata/importer/external_data.hpp"
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

  void integer(std::uint32_t field) {
    mixed_ = mixed_ || (!integers_.empty() && field != integer_field_);
    integer_field_ = field;
    integers_.push_back(wire::varint(in_));
  }

  /// One packed run of float_data or double_data stays in the file. protobuf allows several; exporters write one.
  void packed(std::int32_t type) {
    if (!raw_ && packed_ == proto::UNDEFINED && floats_.empty() && doubles_.empty()) {
      packed_ = type;
      return locate();
    }
    scattered_ = true;
    if (!in_.Skip(wire::length(in_)))
      wire::malformed();
  }

  void one_float() {
    std::uint32_t bits = 0;
    scattered_ = scattered_ || packed_ != proto::UNDEFINED;
    if (!in_.ReadLittleEndian32(&bits))
      wire::malformed();
    floats_.push_back(bits);
  }

  void one_double() {
    std::uint64_t bits = 0;
    scattered_ = scattered_ || packed_ != proto::UNDEFINED;
    if (!in_.ReadLittleEndian64(&bits))
      wire::malformed();
    doubles_.push_back(bits);
  }

  /// When all fields are known: where the bytes are, and whether they fill the shape. Throws `problem`.
  void settle() {
    demand(entry_.extents.size() <= defaults::max_rank, "it has too many extents");
    for (const auto extent : entry_.extents)
      demand(extent >= 0, "it has the negative extent " + std::to_string(extent));
    demand(!scattered_, "its data is scattered, which is not supported");
    demand(!mixed_, "its elements stand in several fields");
    const auto type = entry_.type();
    const auto needed = bytes_needed();
    if (external_) {
      demand(!raw_ && packed_ == proto::UNDEFINED && floats_.empty() && doubles_.empty() && integers_.empty(),
             "its data is both here and in another file");
      entry_.source = elsewhere_.find(file_, needed.value_or(0));
    } else if (packed_ != proto::UNDEFINED) {
      demand(packed_ == entry_.data_type || !type, "its data stands in the field of another type");
    } else if (!raw_ && type) {
      take_typed_data(*type);
    }
    demand(!needed || entry_.source.bytes == *needed, "it has " + std::to_string(entry_.source.bytes)
                                                          + " bytes where shape " + shape_ + " needs "
                                                          + std::to_string(needed.value_or(0)));
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

  void take_typed_data(element_type type) {
    auto& bytes = entry_.source.inline_bytes;
    const auto fill = [&](const auto& elements) {
      const auto all = std::as_bytes(std::span(elements));
      bytes.assign(all.begin(), all.end());
    };
    if (type == element_type::float32)
      fill(floats_);
    else if (type == element_type::float64)
      fill(doubles_);
    else if (integers_.empty() || integer_field_ == integer_field_of(type))
      with_type(type, [&]<class T>(std::type_identity<T>) { take_integers<T>(); });
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
               "its element " + std::to_string(i) + " does not fit its type");
        std::memcpy(bytes.data() + i * sizeof(T), &element, sizeof(T));
      }
    }
  }

  /// Of its shape; nothing for a type that does not exist here.
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
  std::int32_t packed_ = proto::UNDEFINED; ///< the type whose packed run is there
  bool external_ = false;
  bool scattered_ = false;
  bool mixed_ = false;
  std::string shape_;
  external_data elsewhere_;
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
