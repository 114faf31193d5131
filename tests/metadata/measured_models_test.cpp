#include <catch2/catch.hpp>

#include <algorithm>

#include "metadata/device_kinds.hpp"
#include "metadata/measured_models.hpp"

using namespace baton::metadata;

TEST_CASE("the measured models are complete", "[metadata]") {
  REQUIRE(measured_models().size() == 3);
  for (const auto& m : measured_models()) {
    INFO(m.name);
    CHECK(m.check());
    CHECK(m.by_kind.size() == 2);
    for (const auto& [kind, table] : m.by_kind) {
      CHECK(find_device_kind(kind).value()->name == kind);
      CHECK(table.rows == std::vector<std::uint32_t>{1, 2, 3});
    }
    CHECK(m.input_bytes == m.live_bytes.front());
    CHECK(m.output_bytes == m.live_bytes.back());
    CHECK(find_measured_model(m.name) == &m);
  }
  CHECK(find_measured_model("resnet-18")->name == "ResNet");
  CHECK(find_measured_model("vgg") == nullptr);
}

TEST_CASE("measured models take what their profiles took in all", "[metadata]") {
  const auto whole = [](const char* name, const char* kind) {
    std::vector<std::int64_t> ns;
    for (const std::uint32_t rows : {1, 2, 3})
      ns.push_back(find_measured_model(name)->on(kind)->whole(rows).count());
    return ns;
  };
  using figures = std::vector<std::int64_t>;
  CHECK(whole("AlexNet", "GTX 1080 Ti") == figures{1302990, 723396, 2278924});
  CHECK(whole("AlexNet", "RTX 2060") == figures{1463499, 1995267, 2361088});
  CHECK(whole("ResNet", "GTX 1080 Ti") == figures{2100057, 2524651, 4384353});
  CHECK(whole("ResNet", "RTX 2060") == figures{2705521, 4464756, 5910796});
  CHECK(whole("rnn", "GTX 1080 Ti") == figures{431375, 232007, 237324});
  CHECK(whole("rnn", "RTX 2060") == figures{459672, 525436, 537212});
}

TEST_CASE("measured models have the weights and live sets of their architectures", "[metadata]") {
  const auto& alexnet = *find_measured_model("AlexNet");
  CHECK(alexnet.layer_count() == 21);
  CHECK(alexnet.weight_bytes == 61'100'840 * 4);
  CHECK(alexnet.live_bytes[15] == 256 * 6 * 6 * 4); // what the first linear layer reads

  const auto& resnet = *find_measured_model("ResNet");
  CHECK(resnet.layer_count() == 60);
  CHECK(std::count(resnet.layers.begin(), resnet.layers.end(), "conv2d") == 20);
  CHECK(resnet.weight_bytes == (11'689'512 + 2 * 4'800) * 4);
  const std::uint64_t stage1 = 64 * 56 * 56 * 4;
  CHECK(resnet.live_bytes[4] == stage1);          // first block: its input
  CHECK(resnet.live_bytes[8] == 2 * stage1);      // before the batch norm that adds the residual
  CHECK(resnet.live_bytes[9] == stage1);          // behind it
  CHECK(resnet.live_bytes[21] == 3 * stage1 / 2); // before the first shortcut: the block's input, and half as much
  CHECK(resnet.live_bytes[22] == stage1);         // behind its convolution: two of half the size
  CHECK(resnet.layers[21] == "conv2d");

  const auto& rnn = *find_measured_model("rnn");
  CHECK(rnn.weight_bytes == (4 * 53'248 + 1'290) * 4);
}
