#include <catch2/catch.hpp>

#include "gpu/device.hpp"

using namespace baton;
using namespace baton::gpu;
using Catch::Matchers::Contains;

TEST_CASE("a list of devices is parsed", "[gpu]") {
  auto specs = parse_devices("cpu:2, cpu:1x3@a,cpu:1@b");
  REQUIRE(specs);
  REQUIRE(specs->size() == 4);
  CHECK((*specs)[0].cores == 1);
  CHECK((*specs)[0].domain.empty());
  CHECK((*specs)[1].cores == 1);
  CHECK((*specs)[2].cores == 3);
  CHECK((*specs)[2].domain == "a");
  CHECK((*specs)[3].domain == "b");
  for (const auto& s : *specs) {
    CHECK(s.backend == "cpu");
    CHECK(s.lanes == 1);
  }
  CHECK(parse_devices("cpu:2x2")->size() == 2);
  auto mixed = parse_devices("cuda:0,cuda:3/2,cpu:1");
  REQUIRE(mixed);
  REQUIRE(mixed->size() == 3);
  CHECK((*mixed)[0].backend == "cuda");
  CHECK((*mixed)[0].number == 0);
  CHECK((*mixed)[0].lanes == 1);
  CHECK((*mixed)[1].number == 3);
  CHECK((*mixed)[1].lanes == 2);
  CHECK((*mixed)[2].backend == "cpu");
  CHECK((*parse_devices("cpu:1@host"))[0].domain.empty());
}

TEST_CASE("a list of devices that makes no sense is refused by item", "[gpu]") {
  for (const char* text : {"",         " ",       "cpu",       "cpu:",      "cpu:0",        "cpu:-1",
                           "cpu:1.5",  "cpu:x2",  "cpu:1x",    "cpu:1x0",   "cpu:1x2x3",    "cpu:99999999999999999999",
                           "cpu:1025", "cpu:1@",  "cpu:1@a b", "cpu:1@a@b", "cuda",         "cuda:",
                           "cuda:x",   "cuda:-1", "cuda:00",   "cuda:0/",   "cuda:0/0",     "cuda:0/9",
                           "cuda:0@a", ":1",      "cpu:1,",    ",cpu:1",    "cpu:1,,cpu:1", "cpu:1000,cpu:1000",
                           "cpu:1 2"}) {
    CAPTURE(text);
    auto specs = parse_devices(text);
    REQUIRE_FALSE(specs);
    CHECK(specs.error().code == errc::bad_argument);
    CHECK_FALSE(specs.error().message.empty());
  }
  CHECK_THAT(parse_devices("cpu:1,gpu:3").error().message, Contains("'gpu:3'"));
}

TEST_CASE("a machine has its devices in order and the host domain first", "[gpu]") {
  auto machine = open_machine(*parse_devices("cpu:1@b,cpu:2,cpu:1x2@a,cpu:1@b"), {.pin_threads = false});
  REQUIRE(machine);
  auto devices = (*machine)->devices();
  REQUIRE(devices.size() == 5);
  for (std::uint32_t i = 0; i < devices.size(); ++i) {
    CHECK(devices[i].id.value == i);
    CHECK(devices[i].name == "cpu:" + std::to_string(i));
    CHECK(devices[i].is_inline);
  }
  CHECK(devices[0].kind == "cpu/1");
  CHECK(devices[3].kind == "cpu/2");
  auto domains = (*machine)->domains();
  REQUIRE(domains.size() == 3);
  CHECK(domains[0]->description().name == "host");
  CHECK(domains[0]->description().id == metadata::host_domain);
  CHECK(domains[1]->description().name == "b");
  CHECK(domains[2]->description().name == "a");
  CHECK(devices[0].domain.value == 1);
  CHECK(devices[1].domain.value == 0);
  CHECK(devices[3].domain.value == 2);
  CHECK(devices[4].domain.value == 1);
}

TEST_CASE("more cores than there are can be had without pinning only", "[gpu]") {
  auto specs = *parse_devices("cpu:1x4000");
  auto pinned = open_machine(specs);
  REQUIRE_FALSE(pinned);
  CHECK(pinned.error().code == errc::bad_argument);
  CHECK_THAT(pinned.error().message, Contains("4000") && Contains("fewer"));
  CHECK(open_machine(specs, {.pin_threads = false}));

  device_spec odd{.backend = "tpu"};
  CHECK(open_machine({&odd, 1}).error().code == errc::bad_argument);
  odd = {.backend = "cpu", .cores = 0};
  CHECK(open_machine({&odd, 1}).error().code == errc::bad_argument);
  odd = {.backend = "cpu", .lanes = 2};
  CHECK(open_machine({&odd, 1}).error().code == errc::bad_argument);
}

TEST_CASE("a GPU that cannot be had is an error that says why", "[gpu]") {
  auto machine =
      open_machine(*parse_devices("cpu:1,cuda:0"), {.pin_threads = false, .cuda_plugin = "/nowhere/plugin.so"});
  REQUIRE_FALSE(machine);
  CHECK(machine.error().code == errc::unavailable);
  CHECK_THAT(machine.error().message, Contains("'cuda:0'") && Contains("/nowhere/plugin.so"));
}
