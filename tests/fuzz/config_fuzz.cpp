#include <cstdint>
#include <string_view>

#include "apps/model_config.hpp"
#include "tests/fuzz/every_type.hpp"

using namespace baton;

/// A `config.pbtxt`, read and held against a model.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto model = testing::every_type();
  auto config = apps::parse_model_config({reinterpret_cast<const char*>(data), size});
  if (!config)
    return 0;
  if (!apps::check_model(*config, *model))
    return 0;
  (void)apps::warmup_shapes(*config, *model);
  std::vector<metadata::tensor> inputs;
  for (auto v : model->inputs())
    inputs.emplace_back(model->values()[v].type, std::vector<std::int64_t>{2, 3});
  (void)apps::check_request(*config, *model, inputs);
  return 0;
}
