#include <array>
#include <cstdint>
#include <string_view>

#include "apps/http/compression.hpp"
#include "apps/http/infer_codec.hpp"
#include "apps/http/router.hpp"
#include "tests/fuzz/every_type.hpp"

using namespace baton;
using namespace baton::apps::http;

/// What a client may send: a target, a compressed body, and a body of JSON with or without binary tensors; and what a
/// server may answer our own client. The first three bytes say how long the JSON is said to be.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto model = testing::every_type();
  if (size < 3)
    return 0;
  std::string_view text{reinterpret_cast<const char*>(data) + 3, size - 3};
  std::optional<std::size_t> json_size;
  if (data[0] % 2 == 1)
    json_size = data[1] + 256U * data[2];
  (void)find_route("POST", text);
  constexpr std::size_t inflated = std::size_t{1} << 16;
  (void)inflate(text, data[0] % 4 < 2 ? coding::gzip : coding::deflate, inflated);
  (void)decode_answer(text, json_size);
  auto call = decode_infer(text, *model, 2, 0, json_size);
  if (!call)
    return 0;
  // What was taken can be answered, or is refused by name.
  actors::done result;
  for (auto v : model->outputs())
    result.outputs.emplace_back(model->values()[v].type, std::vector<std::int64_t>{1, 3});
  (void)encode_answer(*call, result, *model, 1, {});
  return 0;
}
