#include <memory>
#include <string>

#include <catch2/catch.hpp>

#include "tests/conformance/backends.hpp"
#include "tests/support/reference.hpp"

/// Plans whose convolutions of 3x3 are done by our own Winograd kernel.
using namespace baton;
using namespace baton::testing;

namespace {

/// Says that one kernel is the fastest for all that it fits.
class settled final : public metadata::kernel_choices {
public:
  explicit settled(const std::string& kernel) {
    for (int layouts = 0; layouts < 2; ++layouts)
      choice_ += (layouts ? " " : "") + kernel + " 1000 direct 2000";
  }
  std::optional<std::string> find(const metadata::kernel_problem& of) override {
    return of.problem.find("x3x3 ") == std::string::npos ? std::nullopt : std::optional(choice_);
  }
  std::string keep(const metadata::kernel_problem& /*of*/, std::string_view choice) override {
    return std::string(choice);
  }
  void replace(const metadata::kernel_problem& of, std::string_view /*choice*/) override {
    FAIL("it does not fit " << of.problem);
  }

private:
  std::string choice_;
};

/// With a residual, an odd size, no pads in the end, and a join.
model_ptr small_cnn() {
  model_builder b("small");
  const auto n = b.symbol("N");
  conv_options o{.channels = 48, .pads = {1, 1, 1, 1}, .batch_norm = true, .relu = true};
  const auto y = b.conv(image(b, n, 16, 27, 29), o);
  o.residual = y;
  const auto z = b.conv(y, o);
  const auto both = b.layer(metadata::concat_layer{1}, {y, z})[0];
  return b.output(b.conv(both, {.channels = 32})).build();
}

struct setup {
  setup(const std::string& kernel, const std::string& devices) {
    gpu::machine_options options;
    options.pin_threads = false;
    options.choices = std::make_shared<settled>(kernel);
    machine = demand(gpu::open_machine(demand(gpu::parse_devices(devices)), options));
    device = std::make_unique<bench_device>(backends()[0], *machine, 0);
  }
  std::unique_ptr<gpu::machine> machine;
  std::unique_ptr<bench_device> device;
};

} // namespace

TEST_CASE("a plan with our Winograd kernel agrees with the reference, with equal bits on two cores and in a batch",
          "[gpu]") {
  const auto kernel =
      GENERATE(as<std::string>{}, "winograd_2x2", "nhwc/winograd_2x2", "winograd_4x4", "nhwc/winograd_4x4");
  CAPTURE(kernel);
  const auto model = small_cnn();
  const auto inputs = random_inputs(*model, {3});
  setup one_core(kernel, "cpu:1");
  setup two_cores(kernel, "cpu:1x2");
  const auto plan = one_core.device->plan(model, {3});
  int times = 0;
  for (std::uint32_t i = 0; i < model->layers().size(); ++i)
    times += plan->kernel(i).name == kernel ? 1 : 0;
  CHECK(times == 3);
  const auto result = one_core.device->infer(*plan, inputs);
  CHECK(relative_difference(result[0], reference_run(*model, {3}, inputs)[0]) <= 1e-5);
  CHECK(same_bits(two_cores.device->infer(*two_cores.device->plan(model, {3}), inputs), result));
  const auto weights = one_core.machine->domains()[0]->usage().weights;
  one_core.device->plan(model, {1});
  CHECK(one_core.machine->domains()[0]->usage().weights == weights);
}
