#include <fstream>

#include <catch2/catch.hpp>

#include "apps/repository.hpp"
#include "onnx_files.hpp"

using namespace baton;
using namespace baton::apps;
using Catch::Matchers::Contains;

TEST_CASE("Of each model in a repository the highest numeric version is found", "[apps]") {
  testing::temporary_folder folder;
  const auto& root = folder.path();
  testing::write_mlp(root / "b" / "9" / "model.onnx");
  testing::write_mlp(root / "b" / "10" / "model.onnx");
  std::filesystem::create_directories(root / "b" / "draft");
  std::filesystem::create_directories(root / "b" / "0");
  std::filesystem::create_directories(root / "a" / "1");
  std::filesystem::create_directories(root / "c");
  std::filesystem::create_directories(root / ".git");
  std::ofstream{root / "README"} << "not a model";
  auto found = scan_repository(root);
  REQUIRE(found);
  REQUIRE(found->size() == 3);
  CHECK(found->at(0).name == "a");
  CHECK_THAT(found->at(0).problem, Contains("model.onnx") && Contains("not there"));
  CHECK(found->at(1).name == "b");
  CHECK(found->at(1).version == 10);
  CHECK(found->at(1).file == root / "b" / "10" / "model.onnx");
  CHECK(found->at(1).problem.empty());
  CHECK(found->at(2).name == "c");
  CHECK_THAT(found->at(2).problem, Contains("no version"));
}

TEST_CASE("A repository that is not there is an error that names it", "[apps]") {
  auto found = scan_repository("/no/such/folder");
  REQUIRE_FALSE(found);
  CHECK(found.error().code == errc::not_found);
  CHECK_THAT(found.error().message, Contains("/no/such/folder"));
}

TEST_CASE("A model file is called after its folder in a repository, else after itself", "[apps]") {
  CHECK(model_name_of("models/resnet50/1/model.onnx") == "resnet50");
  CHECK(model_name_of("some/where/net.onnx") == "net");
  CHECK(model_name_of("some/where/model.onnx") == "model");
}
