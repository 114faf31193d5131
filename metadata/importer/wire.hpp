#pragma once

#include <cstdint>
#include <string>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "metadata/importer/problem.hpp"

/// Walking protobuf's wire format without building messages. Every length is checked against what is left of the
/// enclosing message, and the outermost limit is the file's size, so nothing is allocated or skipped beyond the file.
/// Source: Protocol Buffers encoding specification.
namespace baton::metadata::importer::wire {

using stream = google::protobuf::io::CodedInputStream;

[[noreturn]] inline void malformed() {
  throw problem("the file is truncated or not an ONNX protobuf");
}

enum class kind : std::uint32_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

constexpr std::uint32_t tag(std::uint32_t field, kind k) {
  return field << 3 | static_cast<std::uint32_t>(k);
}

inline int length(stream& in) {
  std::uint32_t n = 0;
  if (!in.ReadVarint32(&n) || n > static_cast<std::uint32_t>(in.BytesUntilLimit()))
    malformed();
  return static_cast<int>(n);
}

inline std::int64_t varint(stream& in) {
  std::uint64_t n = 0;
  if (!in.ReadVarint64(&n))
    malformed();
  return static_cast<std::int64_t>(n);
}

inline std::string bytes(stream& in) {
  std::string text;
  if (!in.ReadString(&text, length(in)))
    malformed();
  return text;
}

inline void skip(stream& in, std::uint32_t field_tag) {
  if (field_tag >> 3 == 0 || !google::protobuf::internal::WireFormatLite::SkipField(&in, field_tag))
    malformed();
}

/// Calls `field(tag)` for each field up to the limit; it must consume the field.
template <class Field>
void fields(stream& in, Field field) {
  while (const auto t = in.ReadTag())
    field(t);
  if (in.BytesUntilLimit() != 0)
    malformed();
}

/// Reads a length and calls `read()` with the limit at the end of the nested message.
template <class Read>
void nested(stream& in, Read read) {
  const auto outer = in.PushLimit(length(in));
  read();
  if (in.BytesUntilLimit() != 0)
    malformed();
  in.PopLimit(outer);
}

} // namespace baton::metadata::importer::wire
