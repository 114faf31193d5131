#include <cstring>
#include <random>

#include <catch2/catch.hpp>

#include "apps/http/infer_codec.hpp"
#include "metadata/onnx_import.hpp"
#include "onnx_files.hpp"

using namespace baton;
using namespace baton::apps::http;
using Catch::Matchers::Contains;

namespace {

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
  CHECK_THAT(refusal(with(R"(,"parameters":{"timeout":-1})")), Contains("timeout"));
  CHECK(refusal(with(R"(,"parameters":{"timeout":0})")) == "accepted"); // the protocol's "none": the default
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
