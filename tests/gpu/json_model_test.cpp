#include <catch2/catch.hpp>

#include "tests/conformance/backends.hpp"
#include "tests/metadata/json_files.hpp"
#include "tests/support/reference.hpp"

using namespace baton;
using namespace baton::testing;

TEST_CASE("lists of layers compute what the reference does", "[gpu]") {
  struct listed {
    const char* name;
    model_ptr model;
  };
  const listed all[] = {
      {"pictures", json_model("[1,3,14,14]", R"([
          {"type":"conv","params":{"in_channels":3,"out_channels":8,"filter_size":3,"stride":0,"padding":1}},
          {"type":"relu","params":{}},
          {"type":"maxpool","params":{"ksize":3,"kstride":2,"padding":1}},
          {"type":"conv","params":{"in_channels":8,"out_channels":16,"filter_size":3,"stride":1,"padding":0}},
          {"type":"maxpool","params":{"ksize":2,"kstride":1}},
          {"type":"relu","params":{}},
          {"type":"avgpool","params":{"size":2}},
          {"type":"flat","params":{}},
          {"type":"linear","params":{"in_channels":64,"out_channels":32}},
          {"type":"relu","params":{}},
          {"type":"linear","params":{"in_channels":32,"out_channels":10}}])")},
      {"sequences", json_model("[1,6,5]", R"([
          {"type":"lstm","params":{"input_size":5,"hidden_size":7}},
          {"type":"linear","params":{"in_channels":14,"out_channels":3}}])")},
  };
  for (const auto& on : backends()) {
    auto machine = demand(on.open(0));
    bench_device device(on, *machine, 0);
    for (const auto& [name, model] : all)
      for (const std::int64_t batch : {3, 1}) {
        CAPTURE(on.name, name, batch);
        const auto inputs = random_inputs(*model, {batch}, 11);
        const auto got = device.infer(*device.plan(model, {batch}), inputs);
        const auto wanted = reference_run(*model, {batch}, inputs);
        REQUIRE(got.size() == 1);
        CHECK(relative_difference(got[0], wanted[0]) <= 1e-5);
      }
  }
}
