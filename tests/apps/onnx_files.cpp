#include "onnx_files.hpp"

#include <cstdint>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>
#include <stdlib.h>

namespace baton::testing {

namespace fs = std::filesystem;

namespace {

onnx::ModelProto empty_model() {
  onnx::ModelProto m;
  m.set_ir_version(8);
  m.add_opset_import()->set_version(13);
  m.mutable_graph()->set_name("test");
  return m;
}

void add_value(onnx::ValueInfoProto& v, const std::string& name, onnx::TensorProto_DataType type,
               const std::vector<std::string>& dims) {
  v.set_name(name);
  auto* t = v.mutable_type()->mutable_tensor_type();
  t->set_elem_type(type);
  for (const auto& d : dims) {
    auto* dim = t->mutable_shape()->add_dim();
    if (d.find_first_not_of("0123456789") == d.npos)
      dim->set_dim_value(std::stoll(d));
    else
      dim->set_dim_param(d);
  }
}

void add_weight(onnx::GraphProto& g, const std::string& name, const std::vector<std::int64_t>& shape, float spread,
                unsigned seed) {
  auto* t = g.add_initializer();
  t->set_name(name);
  t->set_data_type(onnx::TensorProto_DataType_FLOAT);
  std::size_t count = 1;
  for (auto d : shape) {
    t->add_dims(d);
    count *= static_cast<std::size_t>(d);
  }
  std::mt19937 random{seed};
  std::vector<float> data(count);
  for (auto& x : data)
    x = spread * (static_cast<float>(random() >> 8U) / static_cast<float>(1U << 23U) - 1.0F);
  t->set_raw_data(data.data(), data.size() * sizeof(float));
}

void add_node(onnx::GraphProto& g, const std::string& op, const std::string& name,
              const std::vector<std::string>& inputs, const std::string& output) {
  auto* n = g.add_node();
  n->set_op_type(op);
  n->set_name(name);
  for (const auto& i : inputs)
    n->add_input(i);
  n->add_output(output);
}

void save(const onnx::ModelProto& m, const fs::path& file) {
  fs::create_directories(file.parent_path());
  std::ofstream out{file, std::ios::binary};
  if (!m.SerializeToOstream(&out))
    throw std::runtime_error("cannot write " + file.string());
}

} // namespace

temporary_folder::temporary_folder() {
  auto pattern = (fs::temp_directory_path() / "baton-test-XXXXXX").string();
  if (!::mkdtemp(pattern.data()))
    throw std::runtime_error("cannot make a temporary folder");
  path_ = pattern;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void write_mlp(const fs::path& file) {
  auto m = empty_model();
  auto& g = *m.mutable_graph();
  add_value(*g.add_input(), "x", onnx::TensorProto_DataType_FLOAT, {"N", "3"});
  add_value(*g.add_output(), "y", onnx::TensorProto_DataType_FLOAT, {"N", "2"});
  add_weight(g, "w1", {3, 4}, 2.0F, 1);
  add_weight(g, "b1", {4}, 1.0F, 2);
  add_weight(g, "w2", {4, 2}, 2.0F, 3);
  add_weight(g, "b2", {2}, 1.0F, 4);
  add_node(g, "Gemm", "first", {"x", "w1", "b1"}, "h");
  add_node(g, "Relu", "bend", {"h"}, "r");
  add_node(g, "Gemm", "second", {"r", "w2", "b2"}, "y");
  save(m, file);
}

void write_relu(const fs::path& file, const std::vector<std::string>& shape) {
  auto m = empty_model();
  auto& g = *m.mutable_graph();
  add_value(*g.add_input(), "x", onnx::TensorProto_DataType_FLOAT, shape);
  add_node(g, "Relu", "only", {"x"}, "y");
  add_value(*g.add_output(), "y", onnx::TensorProto_DataType_FLOAT, shape);
  save(m, file);
}

void write_embedding(const fs::path& file) {
  auto m = empty_model();
  auto& g = *m.mutable_graph();
  add_value(*g.add_input(), "tokens", onnx::TensorProto_DataType_INT64, {"N", "S"});
  add_value(*g.add_output(), "y", onnx::TensorProto_DataType_FLOAT, {"N", "S", "4"});
  add_weight(g, "table", {10, 4}, 1.0F, 5);
  add_node(g, "Gather", "look_up", {"table", "tokens"}, "y");
  save(m, file);
}

void write_deep(const fs::path& file) {
  constexpr unsigned layers = 40;
  auto m = empty_model();
  auto& g = *m.mutable_graph();
  add_value(*g.add_input(), "x", onnx::TensorProto_DataType_FLOAT, {"N", "256"});
  add_value(*g.add_output(), "y", onnx::TensorProto_DataType_FLOAT, {"N", "256"});
  std::string last = "x";
  for (unsigned i = 0; i < layers; ++i) {
    auto number = std::to_string(i);
    add_weight(g, "w" + number, {256, 256}, 0.15F, 10 + i);
    add_node(g, "Gemm", "layer_" + number, {last, "w" + number}, "h" + number);
    last = i + 1 == layers ? "y" : "r" + number;
    add_node(g, "Relu", "relu_" + number, {"h" + number}, last);
  }
  save(m, file);
}

void write_listed(const std::filesystem::path& file) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream{file} << R"({"name": "listed", "input_shape": [1, 3], "layers": [
    {"type": "linear", "params": {"in_channels": 3, "out_channels": 4}}, {"type": "relu", "params": {}},
    {"type": "linear", "params": {"in_channels": 4, "out_channels": 2}}]})";
}

void write_broken(const fs::path& file) {
  fs::create_directories(file.parent_path());
  std::ofstream{file, std::ios::binary} << "\x08\x08\x3a\xff\xff";
}

void write_flawed(const fs::path& file) {
  auto m = empty_model();
  auto& g = *m.mutable_graph();
  add_value(*g.add_input(), "x", onnx::TensorProto_DataType_FLOAT, {"N", "3"});
  add_value(*g.add_output(), "y", onnx::TensorProto_DataType_FLOAT, {"N", "3"});
  add_weight(g, "w", {4}, 1.0F, 1);
  add_node(g, "Einsum", "strange_1", {"x"}, "e1");
  add_node(g, "Einsum", "strange_2", {"e1"}, "e2");
  add_node(g, "Add", "sum", {"x", "w"}, "s");
  add_node(g, "Add", "last", {"e2", "s"}, "y");
  save(m, file);
}

void write_repository(const fs::path& folder) {
  write_mlp(folder / "mlp" / "1" / "model.onnx");
  write_mlp(folder / "mlp" / "2" / "model.onnx");
  write_embedding(folder / "embedding" / "1" / "model.onnx");
  write_deep(folder / "deep" / "1" / "model.onnx");
  write_broken(folder / "broken" / "1" / "model.onnx");
  fs::create_directories(folder / "empty");
}

} // namespace baton::testing
