#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

namespace baton::metadata::importer {

/// Typed access to a node's attributes. Each is asked for by name; `finish` refuses what nobody asked for, so that an
/// attribute we do not know cannot change the meaning unseen. Throws `problem`.
class attributes {
public:
  explicit attributes(const onnx::NodeProto& node);

  /// Within [least, most].
  std::int64_t integer(const std::string& name, std::int64_t otherwise, std::int64_t least, std::int64_t most);
  bool flag(const std::string& name, bool otherwise) { return integer(name, otherwise ? 1 : 0, 0, 1) == 1; }
  float real(const std::string& name, float otherwise);
  std::string text(const std::string& name, const std::string& otherwise);
  /// Nothing if absent. @pre what is there must have `count` elements (any number if 0), each in [least, most].
  std::optional<std::vector<std::int64_t>> integers(const std::string& name, std::size_t count, std::int64_t least,
                                                    std::int64_t most);
  std::vector<std::string> texts(const std::string& name);
  const onnx::AttributeProto* find(const std::string& name, onnx::AttributeProto::AttributeType type);
  /// An attribute that does not matter for inference.
  void ignore(const std::string& name) { asked_.insert(name); }
  void finish() const;

private:
  const onnx::NodeProto& node_;
  std::set<std::string> asked_;
};

} // namespace baton::metadata::importer
