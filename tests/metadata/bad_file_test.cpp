#include <random>

#include <catch2/catch.hpp>

#include "tests/metadata/spoilt_model.hpp"
#include "tests/metadata/temporary_file.hpp"

using namespace baton;
using namespace baton::testing;
using Catch::Contains;

TEST_CASE("a file cut off anywhere is refused", "[metadata]") {
  const auto bytes = good_model().bytes();
  REQUIRE(import_bytes(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto m = import_bytes(bytes.substr(0, size));
    INFO("cut to " << size << " of " << bytes.size());
    REQUIRE_FALSE(m);
    REQUIRE(m.error().code == errc::bad_model);
  }
}

TEST_CASE("flipped bytes never crash the importer", "[metadata]") {
  const auto bytes = good_model().bytes();
  std::mt19937 random(7);
  const temporary_file file(".onnx");
  for (int round = 0; round < 3000; ++round) {
    auto spoiled = bytes;
    for (auto flips = random() % 4 + 1; flips > 0; --flips)
      spoiled[random() % spoiled.size()] = static_cast<char>(random());
    file.write(spoiled);
    const auto m = metadata::import_onnx(file.path(), "m");
    if (!m)
      CHECK_FALSE(m.error().message.empty());
  }
}

TEST_CASE("what is not a model file is refused", "[metadata]") {
  CHECK(metadata::import_onnx("/nowhere/model.onnx", "m").error().code == errc::not_found);
  CHECK(metadata::import_onnx(std::filesystem::temp_directory_path(), "m").error().code == errc::io);
  CHECK_THAT(import_bytes("").error().message, Contains("is empty"));
  CHECK_THAT(import_bytes("this is text, not a model").error().message, Contains("not an ONNX protobuf"));
  onnx::ModelProto no_graph;
  no_graph.set_ir_version(8);
  CHECK_THAT(import_bytes(no_graph.SerializeAsString()).error().message, Contains("no graph"));
}

TEST_CASE("a file of more than 2 GB is refused without reading it", "[metadata]") {
  const temporary_file file(".onnx");
  file.write("x");
  std::filesystem::resize_file(file.path(), std::uint64_t{3} << 30); // sparse
  CHECK_THAT(metadata::import_onnx(file.path(), "m").error().message, Contains("larger than 2 GB"));
}

TEST_CASE("a protobuf nested deeply does not exhaust the stack", "[metadata]") {
  onnx::GraphProto inner;
  for (int depth = 0; depth < 400; ++depth) {
    onnx::GraphProto outer;
    auto* a = outer.add_node()->add_attribute();
    a->set_name("body");
    a->set_type(onnx::AttributeProto::GRAPH);
    a->mutable_g()->Swap(&inner);
    inner.Swap(&outer);
  }
  CHECK_THAT(refused([&](onnx_maker& m) { m.graph().mutable_node()->MergeFrom(inner.node()); }),
             Contains("nested too deep"));
  // groups, which a parser must skip by recursion
  const auto deep = std::string(200'000, '\x0b');
  CHECK_FALSE(import_bytes(deep));
  CHECK_FALSE(import_bytes(good_model().bytes() + deep));
}
