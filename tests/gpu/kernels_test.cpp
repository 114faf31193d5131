#include <algorithm>
#include <chrono>
#include <map>
#include <sstream>
#include <string>

#include <catch2/catch.hpp>

#include "gpu/cpu/conv_step.hpp"
#include "tests/conformance/backends.hpp"
#include "tests/support/reference.hpp"

/// How the CPU backend chooses the kernels of convolutions.
using namespace baton;
using namespace baton::testing;

namespace {

/// Keeps choices and counts.
class recorder final : public metadata::kernel_choices {
public:
  std::optional<std::string> find(const metadata::kernel_problem& of) override {
    ++asked;
    const auto found = known.find(of);
    return found == known.end() ? std::nullopt : std::optional(found->second);
  }
  std::string keep(const metadata::kernel_problem& of, std::string_view choice) override {
    ++kept;
    return known.emplace(of, choice).first->second;
  }
  void replace(const metadata::kernel_problem& of, std::string_view choice) override {
    ++replaced;
    known[of] = choice;
  }

  std::map<metadata::kernel_problem, std::string> known;
  int asked = 0;
  int kept = 0;
  int replaced = 0;
};

/// Convolutions of 3x3 that gain from a transform, and some others.
model_ptr wide_cnn() {
  model_builder b("wide");
  const auto n = b.symbol("N");
  conv_options o{.channels = 64, .pads = {1, 1, 1, 1}, .relu = true};
  auto x = b.conv(image(b, n, 16, 28, 28), o);
  for (int i = 0; i < 3; ++i)
    x = b.conv(x, o);
  o.kernel = {1, 1};
  o.pads = {0, 0, 0, 0};
  return b.output(b.conv(x, o)).build();
}

/// A convolution of 128 channels and a product of 1024 columns.
model_ptr long_layers() {
  model_builder b("long");
  const auto n = b.symbol("N");
  const auto x = b.conv(image(b, n, 16, 28, 28), {.channels = 128, .pads = {1, 1, 1, 1}, .relu = true});
  return b.output(b.linear(b.view(b.max_pool(x, 14, 14), {n, 512}), 1024)).build();
}

struct setup {
  explicit setup(gpu::machine_options options = {}, const std::string& devices = "cpu:1") {
    options.pin_threads = false;
    options.choices = choices;
    machine = demand(gpu::open_machine(demand(gpu::parse_devices(devices)), options));
    device = std::make_unique<bench_device>(backends()[0], *machine, 0);
  }
  std::shared_ptr<recorder> choices = std::make_shared<recorder>();
  std::unique_ptr<gpu::machine> machine;
  std::unique_ptr<bench_device> device;
};

} // namespace

TEST_CASE("what was measured once is not measured again, and equal convolutions are measured once", "[gpu]") {
  setup s;
  const auto model = wide_cnn();
  s.device->plan(model, {1});
  CHECK(s.choices->kept == 3); // of five convolutions: the first, three alike, the last
  for (const auto& [problem, choice] : s.choices->known) {
    CHECK_THAT(problem.device, Catch::Matchers::EndsWith(" cpu/1"));
    CHECK_THAT(problem.library, Catch::Matchers::StartsWith("onednn "));
    CHECK_THAT(problem.problem, Catch::Matchers::StartsWith("conv f32 x1x"));
  }
  setup again;
  again.choices->known = s.choices->known;
  const auto plan = again.device->plan(model, {1});
  CHECK(again.choices->kept == 0);
  CHECK(again.choices->replaced == 0);
  const auto inputs = random_inputs(*model, {1});
  CHECK(same_bits(s.device->infer(*s.device->plan(model, {1}), inputs), again.device->infer(*plan, inputs)));
  CHECK(relative_difference(again.device->infer(*plan, inputs)[0], reference_run(*model, {1}, inputs)[0]) <= 1e-5);
}

TEST_CASE("convolutions of one shape with other activations are problems of their own: not all kernels have all",
          "[gpu]") {
  model_builder b("twins");
  const auto n = b.symbol("N");
  conv_options o{.channels = 64, .pads = {1, 1, 1, 1}, .relu = true};
  auto x = b.conv(b.conv(image(b, n, 64, 28, 28), o), o);
  o.relu = false;
  x = b.max_pool(b.conv(b.conv(x, o), o), 2, 2);
  setup s;
  const auto model = b.output(x).build();
  s.device->plan(model, {1});
  CHECK(s.choices->kept == 3); // the first reads plain pictures
  CHECK(s.choices->replaced == 0);
}

TEST_CASE("where memory is too short to try a kernel the others are tried, and that is not kept", "[gpu]") {
  const auto model = wide_cnn();
  setup exact({.exact = true});
  exact.device->plan(model, {1});
  const auto plain = exact.machine->domains()[0]->usage().weights;
  const auto inputs = random_inputs(*model, {1});
  const auto wanted = reference_run(*model, {1}, inputs)[0];
  bool some = false;
  for (std::size_t room = std::size_t{1} << 20; room <= std::size_t{32} << 20; room += std::size_t{1} << 20) {
    CAPTURE(room);
    setup tight({.memory_limit = plain + room});
    const auto plan = tight.device->plan(model, {1});
    CHECK(relative_difference(tight.device->infer(*plan, inputs)[0], wanted) <= 1e-5);
    CHECK(tight.machine->domains()[0]->usage().weights <= plain + room / 2);
    some = some || tight.choices->kept == 1 || tight.choices->kept == 2;
    if (tight.choices->kept == 3)
      break;
  }
  CHECK(some); // of three problems
}

TEST_CASE("each kernel of a convolution comes once, and is the one it says, also when others have been made before",
          "[gpu]") {
  const auto model = wide_cnn();
  const metadata::symbol_values one{1};
  const gpu::layer_view layer(*model, one, 1);
  const gpu::cpu::convolution c(layer, std::get<metadata::conv_layer>(model->layers()[1].attributes));
  std::vector<std::string> first;
  for (int i = 0; i < 3; ++i) {
    const auto direct = gpu::cpu::direct_kernel(c);
    std::vector<std::string> names;
    for (const auto& k : gpu::cpu::other_kernels(c, direct, false, 1)) {
      names.push_back(k.name);
      CHECK_NOTHROW(gpu::cpu::make_step(k, {}, 0)); // kept in oneDNN's cache
    }
    CHECK_NOTHROW(gpu::cpu::make_step(direct, {}, 0));
    auto sorted = names;
    std::sort(sorted.begin(), sorted.end());
    CHECK(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end());
    if (i == 0)
      first = names;
    CHECK(names == first);
  }
}

TEST_CASE("Winograd's transform by our own kernel is tried where it fits, and not among exact kernels", "[gpu]") {
  const auto names_of = [](const conv_options& o, std::int64_t channels, std::int64_t side, bool exact) {
    model_builder b("one");
    const auto model = b.output(b.conv(image(b, b.symbol("N"), channels, side, side), o)).build();
    const metadata::symbol_values one{1};
    const gpu::layer_view layer(*model, one, 0);
    const gpu::cpu::convolution c(layer, std::get<metadata::conv_layer>(model->layers()[0].attributes));
    std::vector<std::string> names;
    for (const auto& k : gpu::cpu::other_kernels(c, gpu::cpu::direct_kernel(c), exact, 1))
      if (k.name.find("winograd_") != std::string::npos) {
        names.push_back(k.name);
        CHECK(gpu::cpu::wants_larger_weights(k, c));
        CHECK(k.weights.get_size() > gpu::cpu::plain_layout(c.weights).get_size());
      }
    return names;
  };
  const conv_options o{.channels = 32, .pads = {1, 1, 1, 1}, .relu = true};
  const std::vector<std::string> all{"winograd_2x2", "nhwc/winograd_2x2", "winograd_4x4", "nhwc/winograd_4x4"};
  CHECK(names_of(o, 16, 28, false) == all);
  CHECK(names_of(o, 16, 28, true).empty());
  CHECK(names_of(o, 128, 8, false) == std::vector(all.begin(), all.begin() + 2)); // of 4x4 there are four tiles
  CHECK(names_of(o, 3, 56, false).empty());
  CHECK(names_of({.channels = 32, .kernel = {5, 5}, .pads = {2, 2, 2, 2}}, 16, 28, false).empty());
  CHECK(names_of({.channels = 32, .strides = {2, 2}, .pads = {1, 1, 1, 1}}, 32, 56, false).empty());
  CHECK(names_of({.channels = 32, .pads = {2, 2, 2, 2}, .dilations = {2, 2}}, 16, 28, false).empty());
  CHECK(names_of({.channels = 32, .pads = {1, 1, 1, 1}, .groups = 2}, 32, 28, false).empty());
}

TEST_CASE("joins of channels count where a plan chooses how pictures lie", "[gpu]") {
  // Convolutions are 1 us faster with channels last, a join of 100 KB in blocks needs no copy.
  constexpr std::chrono::microseconds in_blocks{1000};
  constexpr std::chrono::microseconds last{999};
  for (const bool joined : {false, true}) {
    model_builder b("joined");
    const auto n = b.symbol("N");
    const conv_options o{.channels = 16, .pads = {1, 1, 1, 1}};
    const auto x = b.conv(image(b, n, 16, 28, 28), o);
    const auto y = b.conv(x, o);
    b.output(b.max_pool(joined ? b.layer(metadata::concat_layer{1}, {x, y})[0] : y, 2, 2));
    const auto model = b.build();
    setup measured;
    measured.device->plan(model, {1});
    setup told;
    for (const auto& [problem, choice] : measured.choices->known) {
      std::istringstream words(choice); // of each layout the best and the direct kernel, with its nanoseconds
      std::string changed;
      std::string kernel;
      std::string time;
      for (int i = 0; words >> kernel >> time; ++i)
        changed +=
            (i ? " " : "") + kernel + ' ' + std::to_string(std::chrono::nanoseconds(i < 2 ? in_blocks : last).count());
      told.choices->known[problem] = changed;
    }
    const auto plan = told.device->plan(model, {1});
    CHECK(told.choices->replaced == 0);
    for (std::uint32_t i = 0; i < 2; ++i)
      CHECK(plan->kernel(i).predicted == (joined ? in_blocks : last));
  }
}

TEST_CASE("kernels and weights do not depend on which shape is planned first", "[gpu]") {
  const auto model = wide_cnn();
  setup first;
  setup second;
  const auto one = first.device->plan(model, {1});
  const auto four = first.device->plan(model, {4});
  second.choices->known = first.choices->known;
  const auto four_first = second.device->plan(model, {4});
  const auto one_last = second.device->plan(model, {1});
  CHECK(second.choices->kept == 0);
  for (std::uint32_t i = 0; i < model->layers().size(); ++i) {
    CHECK(one->kernel(i).name == one_last->kernel(i).name);
    CHECK(four->kernel(i).name == four_first->kernel(i).name);
  }
  CHECK(first.machine->domains()[0]->usage().weights == second.machine->domains()[0]->usage().weights);
  const auto inputs = random_inputs(*model, {4});
  CHECK(same_bits(first.device->infer(*four, inputs), second.device->infer(*four_first, inputs)));
}

TEST_CASE("a choice that is nonsense or names an unknown kernel is measured anew", "[gpu]") {
  setup first;
  const auto model = wide_cnn();
  first.device->plan(model, {1});
  for (const std::string bad :
       {"", "direct", "direct 1 direct 1 direct 1 warp_drive 1", "direct -1 direct 1 direct 1 direct 1"}) {
    CAPTURE(bad);
    setup s;
    s.choices->known = first.choices->known;
    s.choices->known.begin()->second = bad;
    s.device->plan(model, {1});
    CHECK(s.choices->replaced == 1);
    CHECK(s.choices->known.begin()->second != bad);
  }
}

TEST_CASE("with exact kernels alone none transforms, and their choice is kept apart", "[gpu]") {
  setup s({.exact = true});
  const auto model = wide_cnn();
  s.device->plan(model, {1});
  REQUIRE(s.choices->kept == 3);
  for (const auto& [problem, choice] : s.choices->known) {
    CHECK_THAT(problem.problem, Catch::Matchers::EndsWith(" exact"));
    CHECK(choice.find("wino") == std::string::npos);
  }
}

TEST_CASE("larger copies of weights keep to a domain's limit", "[gpu]") {
  const auto model = wide_cnn();
  setup exact({.exact = true});
  exact.device->plan(model, {1});
  const auto plain = exact.machine->domains()[0]->usage().weights;
  // All of the transforms, which a measurement that is disturbed may not choose.
  std::map<metadata::kernel_problem, std::string> choices;
  std::size_t all = 0;
  for (int i = 0; i < 10 && all < plain + (std::size_t{1} << 20); ++i) {
    setup unlimited;
    unlimited.device->plan(model, {1});
    all = unlimited.machine->domains()[0]->usage().weights;
    choices = unlimited.choices->known;
  }
  INFO("weights " << all << " and, with exact kernels, " << plain);
  REQUIRE(all >= plain + (std::size_t{1} << 20));
  // Room for the plan, and not for all that transforms need of scratch memory and weights, which get half of it.
  constexpr auto room = std::size_t{1} << 20;
  setup tight({.memory_limit = plain + room});
  tight.choices->known = choices;
  const auto plan = tight.device->plan(model, {1});
  CHECK(tight.machine->domains()[0]->usage().weights <= plain + room / 2);
  const auto inputs = random_inputs(*model, {1});
  CHECK(relative_difference(tight.device->infer(*plan, inputs)[0], reference_run(*model, {1}, inputs)[0]) <= 1e-5);
}

TEST_CASE("layers that take too long are cut where that costs little, without a second copy of their weights",
          "[gpu]") {
  const auto model = long_layers();
  const gpu::cut_rule all{.longer_than = std::chrono::nanoseconds{1}, .most_cost = 1e9};
  setup whole({.exact = true});
  setup cut({.exact = true, .cuts = all});
  for (const std::int64_t n : {1, 4}) {
    CAPTURE(n);
    const auto uncut = whole.device->plan(model, {n});
    const auto plan = cut.device->plan(model, {n});
    const auto& parts = plan->profile().parts;
    CHECK(uncut->profile().parts == std::vector<std::uint32_t>(parts.size(), 1));
    CHECK((n == 4 ? parts.front() == 4 : parts.front() > 1)); // pictures; as many blocks of channels as weights have
    CHECK(parts.back() == 16);                                // blocks of 64 columns
    CHECK(plan->profile().is_within_own_parts({0, 1}));
    CHECK_FALSE(plan->profile().is_within_own_parts({0, 0}));
    const auto inputs = random_inputs(*model, {n});
    const auto at_once = cut.device->infer(*plan, inputs);
    CHECK(relative_difference(at_once[0], reference_run(*model, {n}, inputs)[0]) <= 1e-5);
    auto data = cut.device->bind(*plan, inputs);
    const auto every = positions(*plan);
    for (std::size_t i = 0; i + 1 < every.size(); ++i)
      REQUIRE_FALSE(cut.device->run(*plan, data, every[i], every[i + 1]).failure);
    CHECK(same_bits(cut.device->outputs(*plan, data), at_once));
  }
  CHECK(cut.machine->domains()[0]->usage().weights == whole.machine->domains()[0]->usage().weights);
  setup never({.exact = true, .cuts = {.longer_than = std::chrono::nanoseconds{1}, .most_cost = 0}});
  CHECK(never.device->plan(model, {4})->profile().parts.front() == 1);
}

TEST_CASE("parts of a product leave no core without work", "[gpu]") {
  model_builder b("product");
  const auto n = b.symbol("N");
  const auto model = b.output(b.linear(b.input("x", {n, 512}), 1024)).build(); // 16 blocks of columns
  const std::map<std::string, std::uint32_t> most{{"cpu:1", 16}, {"cpu:1x2", 8}, {"cpu:1x3", 2}, {"cpu:1x4", 4}};
  for (const auto& [devices, parts] : most) {
    CAPTURE(devices);
    setup cut({.cuts = {.longer_than = std::chrono::nanoseconds{1}}}, devices);
    CHECK(cut.device->plan(model, {1})->profile().parts == std::vector{parts});
  }
}
