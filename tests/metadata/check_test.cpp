#include <catch2/catch.hpp>

#include <algorithm>

#include "metadata/defaults.hpp"
#include "tests/metadata/onnx_maker.hpp"
#include "tests/metadata/temporary_file.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

metadata::model_problems problems_of(const onnx_maker& maker) {
  const temporary_file file(".onnx");
  file.write(maker.bytes());
  auto checked = metadata::check_onnx(file.path(), "m");
  REQUIRE_FALSE(checked);
  REQUIRE_FALSE(checked.error().list.empty());
  const auto first = metadata::import_onnx(file.path(), "m");
  REQUIRE_FALSE(first);
  return checked.error();
}

/// How often a problem with that text is told.
std::size_t told(const metadata::model_problems& p, const std::string& text) {
  return static_cast<std::size_t>(std::count_if(p.list.begin(), p.list.end(), [&](const auto& each) {
    return each.what.message.find(text) != std::string::npos;
  }));
}

onnx_maker good() {
  onnx_maker maker;
  return maker.input("x", {"N", 4}).weight("w", {4, 2}).node("MatMul", {"x", "w"}, {"y"}).output("y");
}

} // namespace

TEST_CASE("a model without problems is the one that import gives", "[metadata]") {
  const temporary_file file(".onnx");
  file.write(good().bytes());
  const auto checked = metadata::check_onnx(file.path(), "m");
  REQUIRE(checked);
  CHECK(kinds(**checked) == "linear");
}

TEST_CASE("a check tells every problem, each once", "[metadata]") {
  auto maker = good();
  maker.input("bad_input", {"N", 0}).weight("short", {3});
  maker.last_initializer().mutable_raw_data()->resize(4);
  maker.node("Einsum", {"x"}, {"e1"}).node("Relu", {"e1"}, {"r"}).node("Einsum", {"r"}, {"e2"});
  maker.node("Add", {"x", "y"}, {"wrong_shapes"}).node("Softmax", {"x"}, {"s"}, {{"axis", 7}});
  maker.node("Relu", {"ghost"}, {"g"}).node("Unheard", {"g"}, {"u"});
  maker.node("Add", {"x", "loop"}, {"loop"});
  maker.output("e2").output("nothing").output("s").output("y2");
  maker.node("Relu", {"y"}, {"y2"}).node("Add", {"x", "short"}, {"t"}).node("Add", {"x", "bad_input"}, {"i"});
  const auto p = problems_of(maker);
  CHECK(told(p, "input 'bad_input' has the extent 0") == 1);
  CHECK(told(p, "initializer 'short': it has 4 bytes") == 1);
  CHECK(told(p, "node 'Einsum2' (Einsum): operator Einsum is not supported") == 1);
  CHECK(told(p, "node 'Add5' (Add): shapes [N,4] and [N,2] do not fit together") == 1);
  CHECK(told(p, "node 'Softmax6' (Softmax): axis 7") == 1);
  CHECK(told(p, "reads 'ghost', which nothing produces") == 1);
  CHECK(told(p, "operator Unheard is not supported") == 1); // though its operand is unknown
  CHECK(told(p, "cycle") == 1);
  CHECK(told(p, "output 'nothing': nothing produces 'nothing'") == 1);
  CHECK(p.list.size() == 9); // and not a word about what depends on them
  const auto einsum = std::find_if(p.list.begin(), p.list.end(), [](const auto& each) { return each.times > 1; });
  REQUIRE(einsum != p.list.end());
  CHECK(einsum->times == 2);
  CHECK(p.left_out == 0);
}

TEST_CASE("doubled names are told once", "[metadata]") {
  auto maker = good();
  maker.input("x", {"N", 4}).weight("w", {4, 2}).node("Relu", {"x"}, {"y"}).output("y");
  const auto p = problems_of(maker);
  CHECK(told(p, "two inputs are called 'x'") == 1);
  CHECK(told(p, "two initializers are called 'w'") == 1);
  CHECK(told(p, "writes 'y', which another node writes too") == 1);
  CHECK(told(p, "two outputs are called 'y'") == 1);
  CHECK(p.list.size() == 4);
}

TEST_CASE("what cannot be read at all is one problem", "[metadata]") {
  const auto missing = metadata::check_onnx("/nowhere/model.onnx", "m");
  REQUIRE_FALSE(missing);
  REQUIRE(missing.error().list.size() == 1);
  CHECK(missing.error().list[0].what.code == errc::not_found);

  onnx_maker old(6);
  old.input("x", {"N", 4}).node("Relu", {"x"}, {"y"}).output("y");
  CHECK(problems_of(old).list.size() == 1);
}

TEST_CASE("very many problems are counted, not kept", "[metadata]") {
  auto maker = good();
  const auto many = metadata::defaults::max_problems + 50;
  for (std::size_t i = 0; i < many; ++i)
    maker.node("Softmax", {"x"}, {"s" + std::to_string(i)}, {{"axis", 5}});
  const auto p = problems_of(maker);
  CHECK(p.list.size() == metadata::defaults::max_problems);
  CHECK(p.left_out == 50);
}

TEST_CASE("flipped bytes never crash a check", "[metadata]") {
  const auto bytes = good().bytes();
  const temporary_file file(".onnx");
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (const auto flip : {1, 8, 64, 255}) {
      auto spoiled = bytes;
      spoiled[at] = static_cast<char>(spoiled[at] ^ flip);
      file.write(spoiled);
      const auto checked = metadata::check_onnx(file.path(), "m");
      const auto imported = metadata::import_onnx(file.path(), "m");
      REQUIRE(checked.has_value() == imported.has_value());
    }
}
