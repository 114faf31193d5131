#include "metadata/importer/onnx_reader.hpp"

#include <fcntl.h>

#include <google/protobuf/io/zero_copy_stream_impl.h>

#include "metadata/defaults.hpp"
#include "metadata/importer/wire.hpp"

namespace baton::metadata::importer {

namespace {

using wire::kind;
using wire::tag;

template <class Message>
Message parse(wire::stream& in, const char* what) {
  const auto bytes = wire::bytes(in);
  Message message;
  // protobuf itself bounds how deep messages may nest
  if (!message.ParseFromString(bytes))
    throw problem(std::string(what) + " cannot be parsed: the protobuf is malformed or nested too deep");
  return message;
}

template <class List>
void make_room(const List& list, const char* what) {
  demand(list.size() < defaults::max_entries, std::string("it has more than a sane number of ") + what);
}

class file_reader {
public:
  file_reader(wire::stream& in, const std::filesystem::path& file) : in_(in), file_(file) {}

  onnx_file run() {
    wire::fields(in_, [this](std::uint32_t t) { model_field(t); });
    demand(has_graph_, "the file holds no graph");
    return std::move(result_);
  }

private:
  void model_field(std::uint32_t t) {
    using proto = onnx::ModelProto;
    switch (t) {
    case tag(proto::kOpsetImportFieldNumber, kind::bytes): {
      const auto opset = parse<onnx::OperatorSetIdProto>(in_, "an opset import");
      if (opset.domain().empty() || opset.domain() == "ai.onnx")
        result_.opset = opset.version();
      break;
    }
    case tag(proto::kGraphFieldNumber, kind::bytes):
      has_graph_ = true;
      wire::nested(in_, [this] { wire::fields(in_, [this](std::uint32_t g) { graph_field(g); }); });
      break;
    default: wire::skip(in_, t);
    }
  }

  void graph_field(std::uint32_t t) {
    using proto = onnx::GraphProto;
    switch (t) {
    case tag(proto::kNodeFieldNumber, kind::bytes):
      make_room(result_.nodes, "nodes");
      node();
      break;
    case tag(proto::kInitializerFieldNumber, kind::bytes):
      make_room(result_.initializers, "initializers");
      wire::nested(in_, [this] { result_.initializers.push_back(read_tensor(in_, 0, file_)); });
      break;
    case tag(proto::kInputFieldNumber, kind::bytes):
      make_room(result_.inputs, "inputs");
      result_.inputs.push_back(parse<onnx::ValueInfoProto>(in_, "an input"));
      break;
    case tag(proto::kOutputFieldNumber, kind::bytes):
      make_room(result_.outputs, "outputs");
      result_.outputs.push_back(parse<onnx::ValueInfoProto>(in_, "an output"));
      break;
    case tag(proto::kSparseInitializerFieldNumber, kind::bytes):
      throw problem("it has sparse initializers, which are not supported");
    default: wire::skip(in_, t);
    }
  }

  void node() {
    const auto size = wire::length(in_);
    const auto base = static_cast<std::uint64_t>(in_.CurrentPosition());
    std::string bytes;
    if (!in_.ReadString(&bytes, size))
      wire::malformed();
    node_entry n;
    if (!n.proto.ParseFromString(bytes))
      throw problem("node " + std::to_string(result_.nodes.size())
                    + " cannot be parsed: the protobuf is malformed or nested too deep");
    n.proto.clear_doc_string();
    if (n.proto.op_type() == "Constant" || n.proto.op_type() == "ConstantOfShape")
      n.constant = constant_of(bytes, base);
    for (auto& attribute : *n.proto.mutable_attribute())
      if (attribute.has_t())
        attribute.mutable_t()->Clear();
    result_.nodes.push_back(std::move(n));
  }

  /// The tensor of a Constant or ConstantOfShape node, found in the file as initializers are.
  std::optional<tensor_entry> constant_of(const std::string& bytes, std::uint64_t base) const {
    std::optional<tensor_entry> found;
    wire::stream in(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
    in.PushLimit(static_cast<int>(bytes.size()));
    wire::fields(in, [&](std::uint32_t t) {
      if (t != tag(onnx::NodeProto::kAttributeFieldNumber, kind::bytes))
        return wire::skip(in, t);
      wire::nested(in, [&] {
        wire::fields(in, [&](std::uint32_t a) {
          if (a != tag(onnx::AttributeProto::kTFieldNumber, kind::bytes))
            return wire::skip(in, a);
          wire::nested(in, [&] { found = read_tensor(in, base, file_); });
        });
      });
    });
    return found;
  }

  wire::stream& in_;
  const std::filesystem::path& file_;
  onnx_file result_;
  bool has_graph_ = false;
};

} // namespace

onnx_file read_onnx(const std::filesystem::path& file) {
  std::error_code failed;
  if (!std::filesystem::exists(file, failed))
    throw problem("there is no file " + file.string(), errc::not_found);
  if (!std::filesystem::is_regular_file(file, failed))
    throw problem(file.string() + " is not a regular file", errc::io);
  const auto size = std::filesystem::file_size(file, failed);
  const auto descriptor = failed ? -1 : ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    throw problem(file.string() + " cannot be read", errc::io);
  google::protobuf::io::FileInputStream bytes(descriptor);
  bytes.SetCloseOnDelete(true);
  demand(size > 0, file.string() + " is empty");
  demand(size < defaults::max_file_bytes, file.string() + " is larger than 2 GB");
  wire::stream in(&bytes);
  in.PushLimit(static_cast<int>(size));
  return file_reader(in, file).run();
}

} // namespace baton::metadata::importer
