#include <catch2/catch.hpp>

#include "apps/defaults.hpp"
#include "apps/model_config.hpp"
#include "metadata/onnx_import.hpp"
#include "onnx_files.hpp"

using namespace baton;
using namespace baton::apps;
using Catch::Matchers::Contains;

namespace {

/// x [N,3] -> y [N,2].
std::shared_ptr<const metadata::model> mlp() {
  testing::temporary_folder folder;
  testing::write_mlp(folder.path() / "model.onnx");
  return metadata::import_onnx(folder.path() / "model.onnx", "mlp").value();
}

std::string refused(const std::string& text) {
  auto c = parse_model_config(text);
  REQUIRE_FALSE(c);
  CHECK(c.error().code == errc::bad_model);
  return c.error().message;
}

std::string mismatch(const std::string& text) {
  auto c = parse_model_config(text);
  REQUIRE(c);
  auto good = check_model(*c, *mlp());
  REQUIRE_FALSE(good);
  CHECK(good.error().code == errc::bad_model);
  return good.error().message;
}

} // namespace

TEST_CASE("A configuration as Triton's users write it is read", "[apps]") {
  auto c = parse_model_config(R"(
    name: "mlp"
    platform: "onnxruntime_onnx"
    max_batch_size: 8   # rows
    input [ { name: "x", data_type: TYPE_FP32, dims: [ 3 ] } ]
    output [ { name: "y" data_type: TYPE_FP32 dims: [ 2 ] label_filename: "labels.txt" } ]
    version_policy: { latest { num_versions: 2 } }
    dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100 }
    default_model_filename: "net.onnx"
    model_warmup [ { name: "one" batch_size: 4 inputs { key: "x" value: { data_type: TYPE_FP32 dims: 3 zero_data: true } } } ]
  )");
  REQUIRE(c);
  CHECK(c->name == "mlp");
  CHECK(c->max_batch == 8);
  CHECK(c->file == "net.onnx");
  CHECK(c->versions.choose({1, 2, 5}) == std::vector<std::int64_t>{2, 5});
  CHECK(c->queue_delay_us == 100U);
  CHECK(c->preferred_batches == std::vector<std::int64_t>{4, 8});
  REQUIRE(c->outputs.size() == 1);
  CHECK(c->outputs[0].label_file == "labels.txt");
  REQUIRE(c->warnings.size() == 1);
  CHECK_THAT(c->warnings[0], Contains("dynamic_batching"));
  CHECK(check_model(*c, *mlp()));
  CHECK(warmup_shapes(*c, *mlp()).value() == std::vector<metadata::symbol_values>{{4}});
}

TEST_CASE("Every field that is not honoured is named, known to us or not", "[apps]") {
  auto c = parse_model_config(R"(
    instance_group [ { count: 2 kind: KIND_CPU } ]
    optimization { graph { level: 1 } }
    input [ { name: "x" dims: [ 3 ] reshape: { shape: [ 1, 3 ] } hologram: "no" } ]
    parameters { key: "a" value: { string_value: "b" } }
    response_cache { enable: true }
  )");
  REQUIRE(c);
  auto all = std::string{};
  for (const auto& w : c->warnings)
    all += w + "\n";
  for (const auto* name :
       {"instance_group", "optimization", "input.reshape", "hologram", "parameters", "response_cache"})
    CHECK_THAT(all, Contains(std::string{"'"} + name + "' is not honoured"));
  CHECK(c->warnings.size() == 6);
}

TEST_CASE("Which versions are served is the policy's choice", "[apps]") {
  auto chosen = [](const std::string& text) { return parse_model_config(text).value().versions.choose({1, 2, 7}); };
  CHECK(chosen("") == std::vector<std::int64_t>{7});
  CHECK(chosen("version_policy { all {} }") == std::vector<std::int64_t>{1, 2, 7});
  CHECK(chosen("version_policy { latest { num_versions: 9 } }") == std::vector<std::int64_t>{1, 2, 7});
  CHECK(chosen("version_policy { specific { versions: [ 7, 1, 3 ] } }") == std::vector<std::int64_t>{1, 7});
}

TEST_CASE("What is no configuration is refused in one sentence with line and column", "[apps]") {
  CHECK_THAT(refused("name: \"a\"\nmax_batch_size: many"), Contains("line 2, column 17"));
  CHECK_THAT(refused("input [ { name: \"x\" "), Contains("line 1"));
  CHECK_THAT(refused("\n\ninput { data_type: TYPE_FP33 }"), Contains("line 3") && Contains("TYPE_FP33"));
  CHECK_THAT(refused("input { name: 'x' data_type: TYPE_STRING }"), Contains("input 'x'"));
  CHECK_THAT(refused("max_batch_size: -1"), Contains("max_batch_size"));
  CHECK_THAT(refused("backend: \"tensorrt\""), Contains("tensorrt"));
  CHECK_THAT(refused("default_model_filename: \"../secret\""), Contains("../secret"));
  CHECK_THAT(refused("output { name: 'y' label_filename: '/etc/passwd' }"), Contains("/etc/passwd"));
  CHECK_THAT(refused("input { name: 'x' dims: [ 0 ] }"), Contains("dim of 0"));
  CHECK_THAT(refused(std::string(defaults::config_limit + 1, ' ')), Contains("larger"));
  for (const std::string deep : {"[", "{", "<", "a {", "a [", "a: [ {"}) {
    std::string text;
    while (text.size() + deep.size() < defaults::config_limit)
      text += deep;
    CHECK_THAT(refused(text), Contains("nested deeper"));
  }
}

TEST_CASE("A configuration that says other than the model names what differs", "[apps]") {
  CHECK_THAT(mismatch("name: 'other'"), Contains("'other'") && Contains("'mlp'"));
  CHECK_THAT(mismatch("input { name: 'z' }"), Contains("input 'z'") && Contains("the model has x"));
  CHECK_THAT(mismatch("input { name: 'x' data_type: TYPE_INT64 }"), Contains("INT64") && Contains("FP32"));
  CHECK_THAT(mismatch("input { name: 'x' dims: [ -1, 4 ] }"), Contains("[-1,4]") && Contains("[N,3]"));
  CHECK_THAT(mismatch("input { name: 'x' dims: [ 3 ] }"), Contains("[3]"));
  CHECK_THAT(mismatch("input { name: 'x' dims: [ -1, -1 ] }"), Contains("[-1,-1]"));
  CHECK_THAT(mismatch("max_batch_size: 4 output { name: 'y' dims: [ 3 ] }"), Contains("behind the batch"));
  CHECK_THAT(mismatch("input { name: 'x' } input { name: 'x' }"), Contains("twice"));
  auto warm = parse_model_config("max_batch_size: 4 model_warmup { name: 'w' batch_size: 5 inputs { key: 'x' value { "
                                 "dims: 3 } } }");
  CHECK_THAT(warmup_shapes(*warm, *mlp()).error().message, Contains("warm-up 'w'") && Contains("5"));
}

TEST_CASE("A request beyond the configured batch or dims is refused", "[apps]") {
  auto rows = [](std::int64_t n) { return std::vector{metadata::tensor(metadata::element_type::float32, {n, 3})}; };
  auto m = mlp();
  auto c = parse_model_config("max_batch_size: 4 input { name: 'x' dims: [ 3 ] }").value();
  CHECK(check_request(c, *m, rows(4)));
  auto no = check_request(c, *m, rows(5));
  REQUIRE_FALSE(no);
  CHECK(no.error().code == errc::bad_request);
  CHECK_THAT(no.error().message, Contains("5 rows") && Contains("4 at most"));
  auto fixed = parse_model_config("input { name: 'x' dims: [ 2, 3 ] }").value();
  REQUIRE(check_model(fixed, *m)); // the model leaves its batch open
  CHECK(check_request(fixed, *m, rows(2)));
  CHECK_THAT(check_request(fixed, *m, rows(1)).error().message, Contains("dim 0 is 2"));
}
