#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include <onnx/onnx_pb.h>

#include "metadata/onnx_import.hpp"

namespace baton::testing {

/// An extent of a declared shape: a number, a name, or nothing (an empty name).
using declared_extent = std::variant<int, std::string>;
using attribute = std::variant<int, float, std::string, std::vector<std::int64_t>, std::vector<std::string>>;

/// Writes ONNX files for the importer's tests.
class onnx_maker {
public:
  explicit onnx_maker(std::int64_t opset = 13);

  onnx_maker& input(const std::string& name, const std::vector<declared_extent>& shape,
                    int type = onnx::TensorProto::FLOAT);
  onnx_maker& output(const std::string& name, const std::vector<declared_extent>& shape = {});
  /// A float32 initializer with raw data: 0, 0.5, 1, ... seeded by its position.
  onnx_maker& weight(const std::string& name, const std::vector<std::int64_t>& shape);
  onnx_maker& integers(const std::string& name, const std::vector<std::int64_t>& shape,
                       const std::vector<std::int64_t>& elements);
  onnx_maker& node(const std::string& op, const std::vector<std::string>& inputs,
                   const std::vector<std::string>& outputs,
                   const std::vector<std::pair<std::string, attribute>>& attributes = {});
  /// The four parameters of a batch norm over `channels`, as NAME_scale, _bias, _mean, _variance.
  onnx_maker& batch_norm(const std::string& name, const std::string& x, std::int64_t channels, const std::string& y);

  onnx::ModelProto& proto() { return proto_; }
  onnx::GraphProto& graph() { return *proto_.mutable_graph(); }
  onnx::TensorProto& last_initializer() { return *graph().mutable_initializer(graph().initializer_size() - 1); }

  std::string bytes() const { return proto_.SerializeAsString(); }
  /// Writes the file, imports it as `m`, and removes it.
  expected<std::shared_ptr<const metadata::model>> import() const;
  /// The same, failing the test if there is an error.
  std::shared_ptr<const metadata::model> model() const;
  /// The error's message; fails the test if there is none.
  std::string error() const;

private:
  onnx::ModelProto proto_;
};

/// Imports these bytes as a file.
expected<std::shared_ptr<const metadata::model>> import_bytes(const std::string& bytes);

/// `conv linear+relu ...`: the kinds of the layers, with what is fused into them.
std::string kinds(const metadata::model& m);
/// `[N,3,8]`
std::string shape_text(const metadata::model& m, metadata::value_index v);

} // namespace baton::testing
