#include <algorithm>

#include <catch2/catch.hpp>

#include "metadata/defaults.hpp"
#include "tests/metadata/json_files.hpp"

using namespace baton;
using namespace baton::testing;
using Catch::Contains;

namespace {

/// Each behind the file's name; import tells the first, check tells all.
std::vector<std::string> problems_of(const std::string& text) {
  const temporary_file file(".json");
  file.write(text);
  const auto checked = metadata::check_json(file.path(), "m");
  REQUIRE_FALSE(checked);
  std::vector<std::string> all;
  for (const auto& p : checked.error().list) {
    const auto place = file.path().string() + ": ";
    const auto at = p.what.message.find(place);
    REQUIRE(at != std::string::npos);
    CHECK(p.what.code == errc::bad_model);
    all.push_back(p.what.message.substr(at + place.size()));
  }
  const auto first = metadata::import_json(file.path(), "m");
  REQUIRE_FALSE(first);
  CHECK(first.error().message == "model 'm': " + file.path().string() + ": " + all.at(0));
  return all;
}

std::string only_problem(const std::string& input_shape, const std::string& layers) {
  const auto all = problems_of(json_text(input_shape, layers));
  CAPTURE(all);
  CHECK(all.size() == 1);
  return all[0];
}

std::string conv(const std::string& params) {
  return R"({"type":"conv","params":{)" + params + "}}";
}

const std::string good_conv = conv(R"("in_channels":3,"out_channels":4,"filter_size":3)");

} // namespace

TEST_CASE("a flaw of a layer is told with the layer's place and the key", "[metadata]") {
  struct flaw {
    const char* layers;
    const char* told;
  };
  const flaw flaws[] = {
      {R"([{"type":"tf","params":{"d_model":512,"nhead":8}}])", "layer 0: type 'tf' is not supported"},
      {R"([{"type":7}])", "layer 0: type is 7, not a text"},
      {R"([{"params":{}}])", "layer 0: type is missing"},
      {R"([["conv"]])", "layer 0: it is not a JSON object with type and params"},
      {R"([{"type":"relu"},{"type":"maxpool","params":{"ksize":2}}])", "layer 1 (maxpool): kstride is missing"},
      {R"([{"type":"flat"},{"type":"linear","params":{"out_channels":2}}])",
       "layer 1 (linear): in_channels is missing"},
      {R"([{"type":"relu","params":[]}])", "layer 0 (relu): params is not a JSON object"},
      {R"([{"type":"relu","params":{"slope":1}}])",
       "layer 0 (relu): 'slope' is not a key that the params of a relu can have"},
      {R"([{"type":"relu","parameters":{}}])", "layer 0 (relu): 'parameters' is not a key that a layer can have"},
      {R"([{"type":"maxpool","params":{"ksize":2,"kstride":0}}])",
       "layer 0 (maxpool): kstride is 0, but must be a whole number from 1 to 16777216"},
      {R"([{"type":"maxpool","params":{"ksize":2,"kstride":-3}}])",
       "layer 0 (maxpool): kstride is -3, but must be a whole number from 1 to 16777216"},
      {R"([{"type":"maxpool","params":{"ksize":2.5,"kstride":2}}])",
       "layer 0 (maxpool): ksize is 2.5, but must be a whole number from 1 to 16777216"},
      {R"([{"type":"maxpool","params":{"ksize":"2","kstride":2}}])",
       "layer 0 (maxpool): ksize is \"2\", but must be a whole number from 1 to 16777216"},
      {R"([{"type":"maxpool","params":{"ksize":99999999999999999999,"kstride":2}}])",
       "layer 0 (maxpool): ksize is 1e+20, but must be a whole number from 1 to 16777216"},
      {R"([{"type":"maxpool","params":{"ksize":18446744073709551615,"kstride":2}}])",
       "layer 0 (maxpool): ksize is 18446744073709551615, but must be a whole number from 1 to 16777216"},
      {R"([{"type":"maxpool","params":{"ksize":9,"kstride":1}}])",
       "layer 0 (maxpool): ksize is 9, larger than the picture of 8x8 with a padding of 0"},
      {R"([{"type":"maxpool","params":{"ksize":2,"kstride":1,"padding":2}}])",
       "layer 0 (maxpool): padding is 2, and must be smaller than ksize, which is 2"},
      {R"([{"type":"avgpool","params":{"size":3}}])",
       "layer 0 (avgpool): size is 3, which does not divide the picture of 8x8"},
      {R"([{"type":"flat"},{"type":"linear","params":{"in_channels":48,"out_channels":4}}])",
       "layer 1 (linear): in_channels is 48, but what comes before has 192: [N,192]"},
      {R"([{"type":"flat"},{"type":"maxpool","params":{"ksize":2,"kstride":2}}])",
       "layer 1 (maxpool): it takes pictures, [N,C,H,W], but what comes before is [N,192]"},
      {R"([{"type":"lstm","params":{"input_size":3,"hidden_size":4}}])",
       "layer 0 (lstm): it takes sequences, [N,S,I], but what comes before is [N,3,8,8]"},
  };
  for (const auto& f : flaws)
    CHECK(only_problem("[1,3,8,8]", f.layers) == f.told);
  CHECK(only_problem("[1,2,8,8]", "[" + good_conv + "]")
        == "layer 0 (conv): in_channels is 3, but what comes before has 2: [N,2,8,8]");
  CHECK(only_problem("[1,3,2,8]", "[" + good_conv + "]")
        == "layer 0 (conv): filter_size is 3, larger than the picture of 2x8 with a padding of 0");
}

TEST_CASE("a flaw of the whole file is told with the key", "[metadata]") {
  CHECK(only_problem("[1,3,8,8]", "[]") == "layers is empty");
  CHECK(only_problem("[1,3,8,8]", "{}") == "layers is not a list");
  CHECK(only_problem("[]", "[{\"type\":\"relu\"}]") == "input_shape must be a list of 1 to 8 numbers, the batch first");
  CHECK(only_problem("[1,0]", "[{\"type\":\"relu\"}]")
        == "input_shape has 0, but each must be a whole number from 1 to 2147483647");
  CHECK(only_problem("[1,2147483647,2147483647]", "[{\"type\":\"relu\"}]") == "input_shape has absurdly many elements");
  CHECK(problems_of("{}")
        == std::vector<std::string>{"name is missing", "input_shape is missing", "layers is missing"});
  CHECK(problems_of(R"({"name":7,"input_shape":[1],"layers":[{"type":"relu"}],"seed":1})")
        == std::vector<std::string>{"name is 7, not a text", "'seed' is not a key that the file can have"});
  CHECK(problems_of(json_text("[1]", R"([{"type":"relu"}])", std::string(300, 'x')))[0]
        == "name must have 1 to 256 bytes");
  CHECK(problems_of("[1,2]")[0] == "it is not a JSON object with name, input_shape and layers");
}

TEST_CASE("every problem of a list is told at once, and none twice", "[metadata]") {
  const auto all = problems_of(json_text(
      "[1,3,8,8]", "[" + conv(R"("in_channels":4,"out_channels":8,"stride":-1,"dilation":2)") + "," // three of its own
                       + R"({"type":"maxpool","params":{"ksize":100,"kstride":1}},)" // unknown what it gets
                       + R"({"type":"bn"},{"type":"flat","params":{"axis":1}}])"));
  CHECK(all
        == std::vector<std::string>{"layer 0 (conv): filter_size is missing",
                                    "layer 0 (conv): stride is -1, but must be a whole number from 0 to 16777216",
                                    "layer 0 (conv): 'dilation' is not a key that the params of a conv can have",
                                    "layer 2: type 'bn' is not supported",
                                    "layer 3 (flat): 'axis' is not a key that the params of a flat can have"});
  // A number that does not fit hides nothing that comes after it.
  const auto chain =
      problems_of(json_text("[1,3,8,8]", "[" + conv(R"("in_channels":4,"out_channels":8,"filter_size":1)") + ","
                                             + conv(R"("in_channels":9,"out_channels":2,"filter_size":9)") + "]"));
  CHECK(chain.size() == 3);
  CHECK_THAT(chain[0], Contains("layer 0 (conv): in_channels is 4"));
  CHECK_THAT(chain[1], Contains("layer 1 (conv): filter_size is 9"));
  CHECK_THAT(chain[2], Contains("layer 1 (conv): in_channels is 9"));
}

TEST_CASE("what is not JSON is told with line and column", "[metadata]") {
  CHECK_THAT(problems_of("{\n  \"name\": \"x\",\n}")[0], Contains("it is not JSON") && Contains("line 3, column 1"));
  CHECK_THAT(problems_of("")[0], Contains("it is not JSON"));
  CHECK_THAT(problems_of("{\"name\": \"\xff\"}")[0], Contains("it is not JSON"));
  CHECK_THAT(problems_of(R"({"name": "a", "name": "b"})")[0], Contains("the key 'name' is there twice"));
  CHECK_THAT(problems_of(std::string(100'000, '['))[0], Contains("nested deeper than 8"));
  const temporary_file file(".json");
  file.write("{}");
  std::filesystem::resize_file(file.path(), std::uint64_t{3} << 30); // sparse
  CHECK_THAT(metadata::import_json(file.path(), "m").error().message, Contains("larger than the 1048576 bytes"));
  CHECK(metadata::import_json(std::filesystem::temp_directory_path(), "m").error().code == errc::io);
}

TEST_CASE("a list may claim more than there is, and gets an error or a model that holds nothing", "[metadata]") {
  CHECK_THAT(
      only_problem("[1,3,8,8]", "[" + conv(R"("in_channels":3,"out_channels":2147483647,"filter_size":8)") + "]"),
      Contains("absurdly many elements"));
  // 48 GiB of weights, of which none is made
  const auto m = json_model("[1,65536]", R"([{"type":"linear","params":{"in_channels":65536,"out_channels":196608}}])");
  CHECK(m->weight_bytes() > (std::uint64_t{48} << 30));
}

TEST_CASE("flipped bytes of a list never crash its import", "[metadata]") {
  const auto text = json_text("[1,3,8,8]", "[" + good_conv + R"(,{"type":"maxpool","params":{"ksize":2,"kstride":2}},)"
                                               + R"({"type":"flat"},{"type":"linear","params":{"in_channels":36,)"
                                               + R"("out_channels":5}}])");
  REQUIRE(import_json_text(text));
  const temporary_file file(".json");
  for (std::size_t at = 0; at < text.size(); ++at)
    for (const auto flip : {1, 8, 64, 255}) {
      auto spoiled = text;
      spoiled[at] = static_cast<char>(spoiled[at] ^ flip);
      file.write(spoiled);
      const auto checked = metadata::check_json(file.path(), "m");
      REQUIRE(checked.has_value() == metadata::import_json(file.path(), "m").has_value());
    }
}
