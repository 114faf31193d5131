/// What searches for kernels find, and in which numbers the kernels multiply.
#include <map>

#include <catch2/catch.hpp>

#include "gpu/cuda_loader.hpp"
#include "tests/conformance/backends.hpp"

using namespace baton;
using namespace baton::testing;

namespace {

class noted_choices final : public metadata::kernel_choices {
public:
  std::optional<std::string> find(const metadata::kernel_problem& of) override {
    auto known = all.find(of.problem);
    return known == all.end() ? std::nullopt : std::optional(known->second);
  }
  std::string keep(const metadata::kernel_problem& of, std::string_view choice) override {
    CHECK(of.device == "Stand-in GPU");
    CHECK_THAT(of.library, Catch::StartsWith("cudnn 9"));
    ++kept;
    return all.try_emplace(of.problem, choice).first->second;
  }
  void replace(const metadata::kernel_problem& of, std::string_view choice) override {
    ++replaced;
    all[of.problem] = choice;
  }

  std::map<std::string, std::string> all;
  int kept = 0;
  int replaced = 0;
};

/// One image through a convolution and a product.
std::vector<metadata::tensor> infer(gpu::machine_options options) {
  options.cuda_plugin = BATON_CUDA_STANDIN;
  auto machine = demand(gpu::open_machine(demand(gpu::parse_devices("cuda:0")), options));
  model_builder b("two", 3);
  conv_options o;
  o.channels = 8;
  auto n = b.symbol("N");
  auto x = b.conv(b.input("x", {n, 3, 6, 6}), o);
  b.output(x).output(b.linear(b.view(x, {n, 8 * 16}), 5));
  const backend how{"cuda", nullptr, false};
  bench_device device(how, *machine, 0);
  auto plan = device.plan(b.build(), {1});
  return device.infer(*plan, random_inputs(plan->of(), {1}, 7));
}

double worst(const metadata::tensor& a, const metadata::tensor& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.as<float>().size(); ++i)
    most = std::max(most, std::abs(double(a.as<float>()[i]) - b.as<float>()[i]));
  return most;
}

} // namespace

TEST_CASE("a kernel that was chosen once is used again, without a search", "[cuda]") {
  auto choices = std::make_shared<noted_choices>();
  const auto first = infer({.choices = choices});
  CHECK(choices->kept == 1);
  const auto known = choices->all;
  const auto second = infer({.choices = choices});
  CHECK(choices->kept == 1);
  CHECK(choices->replaced == 0);
  CHECK(choices->all == known);
  CHECK(worst(first[0], second[0]) == 0);
}

TEST_CASE("a choice that makes no sense is searched for anew and replaced", "[cuda]") {
  auto choices = std::make_shared<noted_choices>();
  infer({.choices = choices});
  // No number, no such algorithm, one that cuDNN never had (direct), TF32 where float32 was asked for.
  for (const auto* nonsense : {"", "fast", "99 0", "3 3", "1 0"}) {
    choices->all.begin()->second = nonsense;
    choices->replaced = 0;
    CHECK(infer({.choices = choices}).size() == 2);
    CHECK(choices->replaced == 1);
    CHECK(choices->all.begin()->second != nonsense);
  }
}

TEST_CASE("TF32 is used if asked for, and only then", "[cuda]") {
  const auto exact = infer({});
  // In float32 a kernel may be faster all the same: one that is not is said to be the fastest.
  auto choices = std::make_shared<noted_choices>();
  infer({.multiplies = gpu::precision::tf32, .choices = choices});
  REQUIRE(choices->all.size() == 1);
  choices->all.begin()->second = "1 1";
  const auto rough = infer({.multiplies = gpu::precision::tf32, .choices = choices});
  CHECK(choices->replaced == 0);
  for (std::size_t i = 0; i < exact.size(); ++i) {
    CHECK(worst(exact[i], rough[i]) > 1e-5);
    CHECK(worst(exact[i], rough[i]) < 1e-2);
  }
  auto machine = demand(
      gpu::open_machine(demand(gpu::parse_devices("cpu:1,cuda:0")),
                        {.pin_threads = false, .cuda_plugin = BATON_CUDA_STANDIN, .multiplies = gpu::precision::tf32}));
  CHECK(machine->devices()[0].kind == "cpu/1");
  CHECK(machine->devices()[1].kind == "cuda/Stand-in GPU/tf32"); // its plans are not those of fp32
}

TEST_CASE("the cards' ways to each other are told", "[cuda]") {
  auto cuda = demand(gpu::open_cuda(BATON_CUDA_STANDIN));
  const auto cards = cuda->accelerators();
  REQUIRE(cards.size() == 4);
  CHECK(cards[0].peers[0] == gpu::peer::unreachable);
  CHECK(cards[0].peers[1] == gpu::peer::over_link);
  CHECK(cards[0].peers[2] == gpu::peer::over_bus);
}
