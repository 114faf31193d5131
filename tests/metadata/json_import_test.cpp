#include <algorithm>

#include <catch2/catch.hpp>

#include "metadata/model_import.hpp"
#include "tests/metadata/json_files.hpp"

using namespace baton;
using namespace baton::testing;
using metadata::value_index;

namespace {

using ints = std::vector<std::int64_t>;

std::shared_ptr<const metadata::model> demo_model(const std::string& name) {
  auto m = metadata::import_model(std::string{BATON_JSON_MODELS} + "/" + name + ".json", name);
  if (!m)
    throw std::runtime_error(m.error().message);
  return *m;
}

std::string kinds(const metadata::model& m) {
  std::string all;
  for (const auto& l : m.layers())
    all += (all.empty() ? "" : " ") + std::string(metadata::kind_name(l.attributes));
  return all;
}

std::size_t relus(const metadata::model& m) {
  const auto& layers = m.layers();
  return static_cast<std::size_t>(std::count_if(layers.begin(), layers.end(), [](const auto& l) {
    const auto* conv = std::get_if<metadata::conv_layer>(&l.attributes);
    const auto* linear = std::get_if<metadata::linear_layer>(&l.attributes);
    return (conv != nullptr && conv->act == metadata::activation::relu)
           || (linear != nullptr && linear->act == metadata::activation::relu);
  }));
}

/// Of the result of each layer, for a batch of two.
std::vector<ints> shapes(const metadata::model& m) {
  std::vector<ints> all;
  for (const auto& l : m.layers())
    all.push_back(m.shape(l.outputs[0], ints{2}));
  return all;
}

} // namespace

TEST_CASE("AlexNet in the JSON form has its layers, shapes and parameters", "[metadata]") {
  const auto m = demo_model("alexnet");
  CHECK(kinds(*m) == "conv max_pool conv max_pool conv conv conv max_pool linear linear linear");
  CHECK(relus(*m) == 7);
  CHECK(m->parameters() == 61'100'840);
  CHECK(m->symbols() == std::vector<std::string>{"N"});
  CHECK(m->values()[m->inputs()[0]].name == "input");
  CHECK(m->shape(m->inputs()[0], ints{2}) == ints{2, 3, 224, 224});
  CHECK(m->values()[m->outputs()[0]].name == "output");
  CHECK(m->shape(m->outputs()[0], ints{2}) == ints{2, 1000});
  CHECK(shapes(*m)[0] == ints{2, 64, 55, 55});
  CHECK(shapes(*m)[7] == ints{2, 256, 6, 6});
  CHECK(m->layers()[2].name == "conv_3");
}

TEST_CASE("VGG16 in the JSON form has its layers, shapes and parameters", "[metadata]") {
  const auto m = demo_model("vgg16");
  CHECK(kinds(*m)
        == "conv conv max_pool conv conv max_pool conv conv conv max_pool conv conv conv max_pool conv conv conv "
           "max_pool "
           "linear linear linear");
  CHECK(relus(*m) == 15);
  CHECK(m->parameters() == 138'357'544);
  CHECK(shapes(*m)[17] == ints{2, 512, 7, 7});
  CHECK(m->shape(m->outputs()[0], ints{2}) == ints{2, 1000});
  for (const auto& v : m->values())
    CHECK((v.origin != metadata::value_origin::weight || v.weight.inline_bytes.empty())); // nothing is kept
}

TEST_CASE("tiny YOLO in the JSON form has its layers, shapes and parameters", "[metadata]") {
  const auto m = demo_model("tiny_yolo");
  CHECK(kinds(*m)
        == "conv max_pool conv max_pool conv max_pool conv max_pool conv max_pool conv max_pool conv conv conv");
  CHECK(relus(*m) == 8);
  CHECK(m->parameters() == 15'858'717);
  CHECK(m->shape(m->outputs()[0], ints{2}) == ints{2, 125, 13, 13});
}

TEST_CASE("what a list leaves out has its usual value, and a stride of 0 is 1", "[metadata]") {
  const auto made = [](const std::string& params) {
    return shapes(
        *json_model("[4,3,9,9]", R"([{"type":"conv","params":{"in_channels":3,"out_channels":4,)" + params + "}}]"))[0];
  };
  CHECK(made(R"("filter_size":3)") == ints{2, 4, 7, 7});
  CHECK(made(R"("filter_size":3,"stride":0)") == ints{2, 4, 7, 7});
  CHECK(made(R"("filter_size":3,"stride":2,"padding":1)") == ints{2, 4, 5, 5});
}

TEST_CASE("an average pool makes pictures of the size it says", "[metadata]") {
  const auto pool = [](int extent, int size) {
    const auto e = std::to_string(extent);
    return json_model("[1,2," + e + "," + e + "]",
                      R"([{"type":"avgpool","params":{"size":)" + std::to_string(size) + R"(}},{"type":"relu"}])");
  };
  CHECK(kinds(*pool(6, 6)) == "relu");
  CHECK(kinds(*pool(6, 1)) == "global_average_pool relu");
  const auto halved = pool(6, 3);
  CHECK(kinds(*halved) == "average_pool relu");
  CHECK(shapes(*halved)[0] == ints{2, 2, 3, 3});
}

TEST_CASE("a list that computes nothing gives a copy of its input", "[metadata]") {
  const auto m = json_model("[1,2,3,3]", R"([{"type":"avgpool","params":{"size":3}}])");
  CHECK(kinds(*m) == "copy");
  CHECK(m->values()[m->outputs()[0]].name == "output");
  const auto flat = json_model("[1,2,3,3]", R"([{"type":"flat"}])");
  CHECK(flat->shape(flat->outputs()[0], ints{2}) == ints{2, 18});
}

TEST_CASE("an LSTM is three layers of both directions, the batch first", "[metadata]") {
  const auto m = json_model("[32,5,7]", R"([{"type":"lstm","params":{"input_size":7,"hidden_size":4}}])");
  CHECK(m->shape(m->outputs()[0], ints{2}) == ints{2, 5, 8});
  CHECK(m->values()[m->outputs()[0]].batch_axis == 0U);
  std::size_t found = 0;
  for (const auto& l : m->layers())
    if (const auto* lstm = std::get_if<metadata::lstm_layer>(&l.attributes)) {
      CHECK(lstm->direction == metadata::recurrent_direction::bidirectional);
      ++found;
    }
  CHECK(found == 3);
  CHECK(m->parameters() == 2 * (16 * 7 + 16 * 4 + 32) + 2 * 2 * (16 * 8 + 16 * 4 + 32));
}

TEST_CASE("a file's form is told by its name", "[metadata]") {
  CHECK(metadata::form_of("a/model.json") == metadata::model_form::json);
  CHECK(metadata::form_of("a.json/model.onnx") == metadata::model_form::onnx);
  CHECK(metadata::form_of("model") == metadata::model_form::onnx);
  CHECK(metadata::import_model("/nowhere/model.json", "m").error().code == errc::not_found);
}
