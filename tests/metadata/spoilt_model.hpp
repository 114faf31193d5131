#pragma once

#include <string>

#include <catch2/catch.hpp>

#include "tests/metadata/onnx_maker.hpp"

namespace baton::testing {

/// x -> Conv (w, b) -> Relu -> y
inline onnx_maker good_model() {
  onnx_maker maker;
  maker.input("x", {"N", 3, 8, 8}).weight("w", {4, 3, 3, 3}).weight("b", {4});
  maker.node("Conv", {"x", "w", "b"}, {"c"}).node("Relu", {"c"}, {"y"}).output("y");
  return maker;
}

/// The sentence that refuses a good model which has been spoilt; it must name the model.
template <class Spoil>
std::string refused(Spoil spoil) {
  auto maker = good_model();
  spoil(maker);
  auto message = maker.error();
  CHECK_THAT(message, Catch::StartsWith("model 'm': "));
  return message;
}

} // namespace baton::testing
