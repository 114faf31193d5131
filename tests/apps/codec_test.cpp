#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <catch2/catch.hpp>

#include "apps/http/infer_codec.hpp"
#include "metadata/onnx_import.hpp"
#include "onnx_files.hpp"

using namespace baton;
using namespace baton::apps::http;
using Catch::Matchers::Contains;
using metadata::element_type;

namespace {

/// Reads `text` as the elements of a tensor.
expected<metadata::tensor> read(const std::string& text, element_type type, std::vector<std::int64_t> shape,
                                std::size_t depth = 8) {
  std::size_t at = 0;
  auto found = find_array(text, at, depth);
  if (!found)
    return tl::unexpected(found.error());
  return read_elements(*found, "t", type, std::move(shape));
}

/// The same, of as many floats as there are; only for what is flat.
expected<metadata::tensor> read(const std::string& text) {
  return read(text, element_type::float32, {static_cast<std::int64_t>(std::count(text.begin(), text.end(), ',')) + 1});
}

template <class T>
bool same_bits(const metadata::tensor& a, const T& b) {
  return a.bytes() == b.bytes() && std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

std::shared_ptr<const metadata::model> mlp() {
  static const testing::temporary_folder folder;
  static const auto m = [] {
    testing::write_mlp(folder.path() / "mlp.onnx");
    return metadata::import_onnx(folder.path() / "mlp.onnx", "mlp").value();
  }();
  return m;
}

/// The sentence that refuses `body`.
std::string refusal(const std::string& body, std::size_t devices = 2) {
  auto call = decode_infer(body, *mlp(), devices, 0);
  return call ? "accepted" : call.error().code == errc::bad_request ? call.error().message : "wrong code";
}

std::string with(const std::string& rest, const std::string& data = "[1,2,3]") {
  return R"({"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":)" + data + "}]" + rest + "}";
}

} // namespace

TEST_CASE("Floats keep their bits through text", "[apps]") {
  std::mt19937 random{7};
  metadata::tensor t{metadata::element_type::float32, {20000}};
  auto values = t.as_mutable<float>();
  values[0] = -0.0F;
  values[1] = std::numeric_limits<float>::denorm_min();
  values[2] = std::numeric_limits<float>::max();
  values[3] = 16777217.0F;
  for (std::size_t i = 4; i < values.size(); ++i)
    do
      values[i] = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    while (!std::isfinite(values[i]));
  std::string text;
  REQUIRE(append_elements(text, t));
  auto back = read(text, t.type(), t.shape());
  REQUIRE(back);
  CHECK(same_bits(*back, t));
}

TEST_CASE("Decimal text goes to the nearest float directly, not by way of double", "[apps]") {
  // Just above the middle of two floats, but nearer to it than a double can tell.
  CHECK(read("[1.00000005960464477539062500000001]")->as<float>()[0] == std::nextafter(1.0F, 2.0F));
}

TEST_CASE("Every element type keeps its bits through text", "[apps]") {
  std::mt19937_64 random{5};
  for (auto type : metadata::all_element_types) {
    INFO(metadata::to_string(type));
    metadata::tensor t{type, {2, 500}};
    for (std::size_t i = 0; i < t.bytes(); ++i)
      t.mutable_data()[i] = static_cast<std::byte>(type == element_type::boolean ? random() & 1U : random());
    // What is not finite has no word in JSON: a fraction instead.
    if (type == element_type::float16 || type == element_type::bfloat16)
      for (auto& x : t.as_mutable<std::uint16_t>())
        x &= 0xbf7fU;
    if (type == element_type::float32)
      for (auto& x : t.as_mutable<float>())
        x = std::isfinite(x) ? x : 0.1F;
    if (type == element_type::float64)
      for (auto& x : t.as_mutable<double>())
        x = std::isfinite(x) ? x : 0.1;
    std::string text;
    REQUIRE(append_elements(text, t));
    auto back = read(text, type, t.shape());
    REQUIRE(back);
    CHECK(same_bits(*back, t));
  }
}

TEST_CASE("Numbers beyond a type's range, or not of its kind, are refused", "[apps]") {
  struct limits {
    element_type type;
    std::vector<const char*> good, bad;
  };
  using enum element_type;
  const std::vector<limits> all{
      {boolean, {"true", "false", "0", "1"}, {"2", "-1", "1.0", "truer", "nul"}},
      {int8, {"-128", "127", "-0"}, {"128", "-129", "1.0", "1e1", "true"}},
      {uint8, {"255", "0", "-0"}, {"256", "-1"}},
      {int16, {"-32768", "32767"}, {"32768"}},
      {uint16, {"65535"}, {"65536", "-1"}},
      {int32, {"-2147483648"}, {"2147483648"}},
      {uint32, {"4294967295"}, {"4294967296"}},
      {int64, {"-9223372036854775808", "9223372036854775807"}, {"9223372036854775808"}},
      {uint64, {"18446744073709551615", "9223372036854775808"}, {"18446744073709551616", "-1"}},
      {float16, {"65504", "65519.9", "1e-30"}, {"65520", "true"}},
      {bfloat16, {"3.38e38"}, {"3.4e38"}},
      {float32, {"3.4e38", "1e-400"}, {"1e39", "-1e400", "false"}},
      {float64, {"1e308", "1e-400"}, {"1e309", "-1e5000"}},
  };
  for (const auto& l : all) {
    for (const auto* text : l.good) {
      INFO(metadata::to_string(l.type) << " " << text);
      CHECK(read("[" + std::string{text} + "]", l.type, {1}));
    }
    for (const auto* text : l.bad) {
      INFO(metadata::to_string(l.type) << " " << text);
      auto r = read("[" + std::string{text} + "]", l.type, {1});
      REQUIRE_FALSE(r);
      CHECK(r.error().code == errc::bad_request);
      CHECK_THAT(r.error().message, Contains("'t'"));
    }
  }
}

TEST_CASE("Nested arrays must be rectangular arrays of JSON numbers", "[apps]") {
  CHECK(read("[[1, 2],[3,4 ] ,\n[5,6]] ", element_type::int64, {3, 2}));
  CHECK(read("[]", element_type::float32, {0}));
  CHECK(read("[[],[]]", element_type::float32, {2, 0}));
  for (const auto* bad :
       {"[1,]", "[,1]", "[1 2]", "[[1],[2,3]]", "[1,[2]]", "[[1],2]",    "[[[]],[1]]", "[01]",   "[1.]",
        "[.5]", "[+1]", "[1e]",  "[-]",         "[NaN]",   "[Infinity]", "[null]",     "[true]", "[\"1\"]",
        "[{}]", "[1",   "[",     "[[1]",        "[1}",     "[1e39]",     "[-1e400]",   "[[],1]", "[\"]\"]"}) {
    INFO(bad);
    auto r = read(bad);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == errc::bad_request);
  }
  CHECK(read("[[[1]]]", element_type::float32, {1, 1, 1}, 3));
  CHECK_FALSE(read("[[[[1]]]]", element_type::float32, {1, 1, 1, 1}, 3));
  auto tiny = read("[1e-400,0.000000001e-60]");
  REQUIRE(tiny);
  CHECK((tiny->as<float>()[0] == 0 && tiny->as<float>()[1] == 0));
}

TEST_CASE("Data may be flat or nested like the shape, and must fill it", "[apps]") {
  auto tensor = [](const std::string& data, std::vector<std::int64_t> shape,
                   element_type type = element_type::float32) { return read(data, type, std::move(shape)); };
  CHECK(tensor("[1,2,3,4]", {2, 2}));
  CHECK(tensor("[[1,2],[3,4]]", {2, 2}));
  CHECK(tensor("[]", {0, 5}));
  CHECK(tensor("[7]", {}));
  CHECK_FALSE(tensor("[[1,2],[3,4]]", {4, 1}));
  CHECK_FALSE(tensor("[1,2,3]", {2, 2}));
  CHECK_FALSE(tensor("[1,2,3,4]", {-2, -2}));
  CHECK_FALSE(tensor("[]", {INT64_MAX, INT64_MAX, 0}));
  CHECK_FALSE(tensor("[1]", {INT64_MAX, INT64_MAX}));
  CHECK_FALSE(tensor("[[],[]]", {1}));
  CHECK_FALSE(tensor("[[1,2],[3]]", {3}));
  CHECK_FALSE(tensor("[1.5]", {1}, metadata::element_type::int64));
  CHECK_FALSE(tensor("[9223372036854775808]", {1}, metadata::element_type::int64));
}

TEST_CASE("An output that is not finite cannot be written", "[apps]") {
  metadata::tensor t{metadata::element_type::float32, {1}};
  std::string text;
  for (float x : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    t.as_mutable<float>()[0] = x;
    CHECK_FALSE(append_elements(text, t));
  }
}

TEST_CASE("A whole request is decoded", "[apps]") {
  auto call = decode_infer(
      R"({"id":"a\"b","parameters":{"priority":-3,"timeout":1500,"device":1,"move_after":"first","unknown":1},
          "inputs":[{"data":[[1,2.5,-3]],"shape":[1,3],"name":"x","datatype":"FP32"}],"outputs":[{"name":"y"}]})",
      *mlp(), 2, 0);
  REQUIRE(call);
  CHECK(call->id == "a\"b");
  CHECK(call->request.priority == -3);
  CHECK(call->request.timeout == std::chrono::microseconds{1500});
  CHECK(call->request.pinned.value == 1);
  REQUIRE(call->request.steps.size() == 1);
  CHECK(call->request.steps[0].at == metadata::position{1, 0});
  CHECK(call->request.steps[0].to.value == 0);
  CHECK(call->request.inputs.at(0).as<float>()[1] == 2.5F);
  REQUIRE(call->outputs.size() == 1);
  CHECK(call->outputs[0].place == 0);
  CHECK_FALSE(call->outputs[0].binary);
}

TEST_CASE("Every request has a timeout", "[apps]") {
  CHECK(decode_infer(with(""), *mlp(), 1, 0)->request.timeout.has_value());
}

TEST_CASE("A bad request is refused with a sentence that names the part at fault", "[apps]") {
  CHECK_THAT(refusal(""), Contains("not JSON"));
  CHECK_THAT(refusal("{"), Contains("not JSON"));
  CHECK_THAT(refusal("[]"), Contains("not a JSON object"));
  CHECK_THAT(refusal("{}"), Contains("\"inputs\""));
  CHECK_THAT(refusal("{\"a\":\"\xff\"}"), Contains("not JSON"));
  CHECK_THAT(refusal(R"({"inputs":[]})"), Contains("input 'x'") && Contains("missing"));
  CHECK_THAT(refusal(R"({"inputs":[1]})"), Contains("inputs[0]"));
  CHECK_THAT(refusal(R"({"inputs":[{"name":"z","shape":[1],"datatype":"FP32","data":[1]}]})"),
             Contains("no input 'z'") && Contains("'x'"));
  CHECK_THAT(refusal(R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP8","data":[1]}]})"), Contains("'FP8'"));
  CHECK_THAT(refusal(R"({"inputs":[{"name":"x","shape":[1],"datatype":"BYTES","data":["a]"]}]})"),
             Contains("'x'") && Contains("BYTES") && Contains("strings"));
  CHECK_THAT(refusal(R"({"inputs":[{"name":"x","shape":[1.5],"datatype":"FP32","data":[1]}]})"), Contains("shape"));
  CHECK_THAT(refusal(R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32"}]})"), Contains("data"));
  CHECK_THAT(refusal(R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":0}]})"), Contains("data"));
  CHECK_THAT(refusal(R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32","d\u0061ta":[1]}]})"), Contains("data"));
  CHECK_THAT(refusal(with("", "[1,2]")), Contains("2 elements") && Contains("[1,3]"));
  CHECK_THAT(refusal(with("", "[1,2,\"a\"]")), Contains("'x'") && Contains("not a number"));
  CHECK_THAT(refusal(with(R"(,"parameters":{"sequence_id":7})")), Contains("sequence"));
  CHECK_THAT(refusal(with(R"(,"outputs":[{"name":"y","parameters":{"classification":-1}}])")),
             Contains("'y'") && Contains("classification"));
  CHECK_THAT(refusal(with(R"(,"outputs":[{"name":"y","parameters":{"shared_memory_region":"r"}}])")),
             Contains("shared memory"));
  CHECK_THAT(refusal(R"({"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]},
                                   {"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]})"),
             Contains("twice"));
  CHECK_THAT(refusal(with(R"(,"outputs":[{"name":"q"}])")), Contains("no output 'q'"));
  CHECK_THAT(refusal(with(R"(,"id":5)")), Contains("id"));
  CHECK_THAT(refusal(with(R"(,"parameters":[])")), Contains("parameters"));
  CHECK_THAT(refusal(with(R"(,"parameters":{"priority":"high"})")), Contains("priority"));
  CHECK_THAT(refusal(with(R"(,"parameters":{"priority":1e9})")), Contains("priority"));
  CHECK_THAT(refusal(with(R"(,"parameters":{"priority":18446744073709551615})")), Contains("priority"));
  CHECK_THAT(refusal(with(R"(,"parameters":{"timeout":0})")), Contains("timeout"));
  CHECK_THAT(refusal(with(R"(,"parameters":{"device":2})")), Contains("device"));
  CHECK_THAT(refusal(with(R"(,"parameters":{"move_after":"nowhere"})")), Contains("'nowhere'"));
  CHECK_THAT(refusal(with(R"(,"parameters":{"move_after":99})")), Contains("'99'"));
  CHECK_THAT(refusal(with(R"(,"parameters":{"move_after":0})"), 1), Contains("two devices"));
  CHECK_THAT(refusal(with(R"(,"parameters":{"move_to":1})")), Contains("move_after"));
}

TEST_CASE("What nests too deeply or is too large besides its numbers is refused before it costs much", "[apps]") {
  CHECK_THAT(refusal(std::string(100000, '[')), Contains("deeper"));
  CHECK_THAT(refusal(with(R"(,"x":)" + std::string(20, '[') + std::string(20, ']'))), Contains("deeper"));
  CHECK_THAT(refusal(with("", std::string(100, '[') + std::string(100, ']'))), Contains("deeper"));
  CHECK_THAT(refusal(with(",\"x\":\"" + std::string(2 << 20, 'a') + "\"")), Contains("larger"));
  std::string many = "[{}";
  for (int i = 0; i < 2000; ++i)
    many += ",{}";
  CHECK_THAT(refusal(R"({"inputs":)" + many + "]}"), Contains("more than"));
  CHECK_THAT(refusal(R"({"inputs":[)" + std::string(3 << 20, ',') + R"({"data":[1]}]})"), Contains("larger"));
}

TEST_CASE("Random damage to a request never gets further than a refusal", "[apps]") {
  auto whole = with(R"(,"id":"i","parameters":{"priority":1,"move_after":"first"},"outputs":[{"name":"y"}])");
  std::mt19937 random{11};
  const std::string alphabet = R"({}[]",:0123456789.eE-+\ntrufals)";
  for (int i = 0; i < 20000; ++i) {
    auto text = whole;
    for (auto n = random() % 4 + 1; n > 0; --n) {
      auto at = random() % text.size();
      switch (random() % 3) {
      case 0: text[at] = alphabet[random() % alphabet.size()]; break;
      case 1: text.erase(at, random() % 5); break;
      default: text.insert(at, 1, static_cast<char>(random()));
      }
      if (text.empty())
        break;
    }
    auto call = decode_infer(text, *mlp(), 2, 0);
    if (!call) {
      REQUIRE(call.error().code == errc::bad_request);
      REQUIRE_FALSE(call.error().message.empty());
    }
  }
}

TEST_CASE("A client reads what the server writes", "[apps]") {
  infer_call call;
  call.id = "x\n1";
  call.outputs = {{0}};
  actors::done d;
  d.device = {1};
  metadata::tensor y{metadata::element_type::float32, {1, 2}};
  y.as_mutable<float>()[1] = 0.1F;
  d.outputs = {y};
  std::vector<gpu::device_description> devices(2);
  auto text = encode_answer(call, d, *mlp(), 7, devices);
  REQUIRE(text);
  CHECK_THAT(text->body, Contains(R"("model_version":"7")") && Contains(R"("id":"x\n1")"));
  CHECK_FALSE(text->json_size);
  auto reply = decode_answer(text->body);
  REQUIRE(reply);
  CHECK(reply->device == 1U);
  REQUIRE(reply->outputs.size() == 1);
  CHECK(reply->outputs[0].name == "y");
  CHECK(std::memcmp(reply->outputs[0].value.data(), y.data(), y.bytes()) == 0);
}
