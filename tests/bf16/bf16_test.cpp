#include <catch2/catch.hpp>

#include "tests/conformance/moves.hpp"
#include "tests/conformance/zoo.hpp"
#include "tests/support/reference.hpp"

/// What is promised of CPU devices that compute in bf16 alone.
using namespace baton;
using namespace baton::testing;

namespace {

expected<std::unique_ptr<gpu::machine>> open(gpu::precision multiplies, const std::string& devices = "cpu:1",
                                             std::shared_ptr<metadata::kernel_choices> choices = nullptr) {
  return gpu::open_machine(demand(gpu::parse_devices(devices)),
                           {.pin_threads = false, .multiplies = multiplies, .choices = std::move(choices)});
}

/// Convolutions and products whose weights count.
model_ptr heavy() {
  model_builder b("heavy");
  const auto n = b.symbol("N");
  conv_options o{.channels = 128, .pads = {1, 1, 1, 1}, .relu = true};
  auto x = b.conv(image(b, n, 16, 8, 8), o);
  for (int i = 0; i < 3; ++i)
    x = b.conv(x, o);
  x = b.view(b.global_average_pool(x), {n, 128});
  for (int i = 0; i < 3; ++i)
    x = b.linear(x, 512);
  return b.output(x).build();
}

/// Which problems it was asked for.
class recorder final : public metadata::kernel_choices {
public:
  std::optional<std::string> find(const metadata::kernel_problem& of) override { return choices.find(of); }
  std::string keep(const metadata::kernel_problem& of, std::string_view choice) override {
    kept.push_back(of);
    return choices.keep(of, choice);
  }
  void replace(const metadata::kernel_problem& of, std::string_view choice) override { choices.replace(of, choice); }

  metadata::process_choices choices;
  std::vector<metadata::kernel_problem> kept;
};

} // namespace

TEST_CASE("a device in bf16 is of a kind of its own", "[gpu]") {
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    CHECK(machine->devices()[0].kind == "cpu/1/bf16");
    CHECK(machine->devices()[0].multiplies == gpu::precision::bf16);
  }
  CHECK(demand(open(gpu::precision::fp32))->devices()[0].kind == "cpu/1");
  CHECK(demand(open(gpu::precision::tf32))->devices()[0].kind == "cpu/1");
}

TEST_CASE("a GPU refuses bf16 by name", "[gpu]") {
  const auto opened = open(gpu::precision::bf16, "cuda:1");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::bad_argument);
  CHECK_THAT(opened.error().message, Catch::Matchers::Contains("device 'cuda:1'") && Catch::Matchers::Contains("bf16"));
  for (const auto& on : backends()) {
    CAPTURE(on.name);
    const auto mixed = open(gpu::precision::bf16, "cpu:1,cuda:0");
    REQUIRE_FALSE(mixed);
    CHECK_THAT(mixed.error().message, Catch::Matchers::StartsWith("device 'cuda:0'"));
  }
}

TEST_CASE("weights and activations in bf16 take about half the memory", "[gpu]") {
  const auto model = heavy();
  for (const auto& on : backends()) {
    auto narrow = demand(on.open(0));
    auto wide = demand(open(gpu::precision::fp32, "cpu:1"));
    bench_device a(on, *narrow, 0);
    bench_device b(on, *wide, 0);
    const auto in_bf16 = a.plan(model, {1});
    const auto in_fp32 = b.plan(model, {1});
    const auto own = model->weight_bytes();
    CHECK(a.home().usage().weights <= own * 6 / 10);
    CHECK(a.home().usage().weights >= own * 4 / 10);
    CHECK(b.home().usage().weights >= own * 95 / 100);
    CHECK(in_bf16->block_bytes() <= in_fp32->block_bytes() * 7 / 10);
    // Another batch shares them.
    const auto before = a.home().usage().weights;
    a.plan(model, {4});
    CHECK(a.home().usage().weights <= before + before / 10);
  }
}

TEST_CASE("kernels are chosen and kept by precision", "[gpu]") {
  const auto model = heavy();
  for (const auto& on : backends()) {
    auto choices = std::make_shared<recorder>();
    std::size_t kept = 0;
    for (const auto precision : {gpu::precision::fp32, gpu::precision::bf16, gpu::precision::fp32}) {
      auto machine = demand(open(precision, "cpu:1", choices));
      bench_device(on, *machine, 0).plan(model, {1});
      const auto prefix = precision == gpu::precision::bf16 ? "conv bf16 x1x" : "conv f32 x1x";
      for (; kept < choices->kept.size(); ++kept)
        CHECK_THAT(choices->kept[kept].problem, Catch::Matchers::StartsWith(prefix));
    }
    CHECK(kept == 4); // the first convolution and three alike, in either
  }
}

TEST_CASE("a move between a device in bf16 and one in fp32 converts values, at every position", "[gpu]") {
  for (const auto& on : backends()) {
    auto narrow = demand(on.open(0));
    auto wide = demand(open(gpu::precision::fp32));
    for (const bool to_wide : {true, false}) {
      bench_device from(on, to_wide ? *narrow : *wide, 0);
      bench_device to(on, to_wide ? *wide : *narrow, 0);
      CAPTURE(to_wide);
      check_moves(on, from, to, on.tolerance);
    }
  }
}
