#include "tests/metadata/onnx_maker.hpp"

#include <catch2/catch.hpp>

#include "metadata/shape_rules.hpp"
#include "tests/metadata/temporary_file.hpp"

namespace baton::testing {

namespace {

void declare(onnx::ValueInfoProto& info, const std::string& name, const std::vector<declared_extent>& shape, int type) {
  info.set_name(name);
  auto* tensor = info.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  tensor->mutable_shape();
  for (const auto& extent : shape) {
    auto* d = tensor->mutable_shape()->add_dim();
    if (const auto* number = std::get_if<int>(&extent))
      d->set_dim_value(*number);
    else if (!std::get<std::string>(extent).empty())
      d->set_dim_param(std::get<std::string>(extent));
  }
}

struct attribute_setter {
  onnx::AttributeProto& a;
  void operator()(int x) const {
    a.set_type(onnx::AttributeProto::INT);
    a.set_i(x);
  }
  void operator()(float x) const {
    a.set_type(onnx::AttributeProto::FLOAT);
    a.set_f(x);
  }
  void operator()(const std::string& x) const {
    a.set_type(onnx::AttributeProto::STRING);
    a.set_s(x);
  }
  void operator()(const std::vector<std::int64_t>& list) const {
    a.set_type(onnx::AttributeProto::INTS);
    for (const auto x : list)
      a.add_ints(x);
  }
  void operator()(const std::vector<std::string>& list) const {
    a.set_type(onnx::AttributeProto::STRINGS);
    for (const auto& x : list)
      a.add_strings(x);
  }
};

} // namespace

onnx_maker::onnx_maker(std::int64_t opset) {
  proto_.set_ir_version(8);
  auto* import = proto_.add_opset_import();
  import->set_domain("");
  import->set_version(opset);
  graph().set_name("g");
}

onnx_maker& onnx_maker::input(const std::string& name, const std::vector<declared_extent>& shape, int type) {
  declare(*graph().add_input(), name, shape, type);
  return *this;
}

onnx_maker& onnx_maker::output(const std::string& name, const std::vector<declared_extent>& shape) {
  if (!shape.empty())
    declare(*graph().add_output(), name, shape, onnx::TensorProto::FLOAT);
  else
    graph().add_output()->set_name(name);
  return *this;
}

onnx_maker& onnx_maker::weight(const std::string& name, const std::vector<std::int64_t>& shape) {
  auto* t = graph().add_initializer();
  t->set_name(name);
  t->set_data_type(onnx::TensorProto::FLOAT);
  std::int64_t count = 1;
  for (const auto extent : shape) {
    t->add_dims(extent);
    count *= extent;
  }
  std::vector<float> elements;
  for (std::int64_t i = 0; i < count; ++i)
    elements.push_back(0.5F * static_cast<float>(i));
  t->set_raw_data(elements.data(), elements.size() * sizeof(float));
  return *this;
}

onnx_maker& onnx_maker::integers(const std::string& name, const std::vector<std::int64_t>& shape,
                                 const std::vector<std::int64_t>& elements) {
  auto* t = graph().add_initializer();
  t->set_name(name);
  t->set_data_type(onnx::TensorProto::INT64);
  for (const auto extent : shape)
    t->add_dims(extent);
  for (const auto x : elements)
    t->add_int64_data(x);
  return *this;
}

onnx_maker& onnx_maker::node(const std::string& op, const std::vector<std::string>& inputs,
                             const std::vector<std::string>& outputs,
                             const std::vector<std::pair<std::string, attribute>>& attributes) {
  auto* n = graph().add_node();
  n->set_op_type(op);
  n->set_name(op + std::to_string(graph().node_size()));
  for (const auto& name : inputs)
    n->add_input(name);
  for (const auto& name : outputs)
    n->add_output(name);
  for (const auto& [name, x] : attributes) {
    auto* a = n->add_attribute();
    a->set_name(name);
    std::visit(attribute_setter{*a}, x);
  }
  return *this;
}

onnx_maker& onnx_maker::batch_norm(const std::string& name, const std::string& x, std::int64_t channels,
                                   const std::string& y) {
  for (const auto* part : {"_scale", "_bias", "_mean", "_variance"})
    weight(name + part, {channels});
  return node("BatchNormalization", {x, name + "_scale", name + "_bias", name + "_mean", name + "_variance"}, {y},
              {{"epsilon", 1e-3F}});
}

expected<std::shared_ptr<const metadata::model>> onnx_maker::import() const {
  return import_bytes(bytes());
}

std::shared_ptr<const metadata::model> onnx_maker::model() const {
  auto m = import();
  INFO((m ? "" : m.error().message));
  REQUIRE(m);
  return *m;
}

std::string onnx_maker::error() const {
  const auto m = import();
  REQUIRE_FALSE(m);
  CHECK(m.error().code == errc::bad_model);
  return m.error().message;
}

expected<std::shared_ptr<const metadata::model>> import_bytes(const std::string& bytes) {
  const temporary_file file(".onnx");
  file.write(bytes);
  return metadata::import_onnx(file.path(), "m");
}

std::string kinds(const metadata::model& m) {
  std::string text;
  for (const auto& l : m.layers()) {
    text += (text.empty() ? "" : " ") + std::string(metadata::kind_name(l.attributes));
    auto act = metadata::activation::none;
    if (const auto* conv = std::get_if<metadata::conv_layer>(&l.attributes)) {
      text += conv->has_batch_norm ? "+bn" : "";
      text += l.inputs[3] != metadata::none ? "+residual" : "";
      act = conv->act;
    } else if (const auto* norm = std::get_if<metadata::batch_norm_layer>(&l.attributes)) {
      act = norm->act;
    } else if (const auto* linear = std::get_if<metadata::linear_layer>(&l.attributes)) {
      text += l.inputs[2] != metadata::none ? "+bias" : "";
      act = linear->act;
    } else if (const auto* add = std::get_if<metadata::binary_layer>(&l.attributes)) {
      act = add->act;
    }
    text += act == metadata::activation::none ? "" : '+' + std::string(to_string(act.what));
  }
  return text;
}

std::string shape_text(const metadata::model& m, metadata::value_index v) {
  return metadata::to_string(m.values()[v].shape, m.symbols());
}

} // namespace baton::testing
