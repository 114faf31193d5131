#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <google/protobuf/io/coded_stream.h>

#include "metadata/model.hpp"

namespace baton::metadata::importer {

/// A `TensorProto` without its bytes, if a file holds them as they are needed (raw_data, one packed float_data or
/// double_data, external data).
struct tensor_entry {
  std::string name;
  std::int32_t data_type = 0; ///< TensorProto.DataType
  std::vector<std::int64_t> extents;
  weight_source source;
  std::string flaw; ///< what is wrong with it, if it is well-formed but cannot be used

  /// Nothing for strings and others that have no `element_type`.
  std::optional<element_type> type() const;
};

/// Reads one `TensorProto` up to the stream's limit, which is its end. `base` is where the stream begins in `file`.
/// Throws `problem` if it is malformed; what else is wrong, as data that does not fill its shape, is its `flaw`.
tensor_entry read_tensor(google::protobuf::io::CodedInputStream& in, std::uint64_t base,
                         const std::filesystem::path& file);

} // namespace baton::metadata::importer
