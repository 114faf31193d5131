#include <fstream>
#include <map>

#include <sys/stat.h>

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
  REQUIRE(found->at(0).versions.size() == 1);
  CHECK_THAT(found->at(0).versions[0].problem, Contains("model.onnx") && Contains("not there"));
  CHECK(found->at(1).name == "b");
  REQUIRE(found->at(1).versions.size() == 1);
  CHECK(found->at(1).versions[0].number == 10);
  CHECK(found->at(1).versions[0].file == root / "b" / "10" / "model.onnx");
  CHECK(found->at(1).problem.empty());
  CHECK(found->at(1).versions[0].problem.empty());
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
  CHECK(model_name_of("models/vgg16/1/model.json") == "vgg16");
  CHECK(model_name_of("some/where/net.onnx") == "net");
  CHECK(model_name_of("some/where/net.json") == "net");
  CHECK(model_name_of("some/where/model.onnx") == "model");
}

TEST_CASE("A version has its model in one of the two forms, or in the file that its configuration names", "[apps]") {
  testing::temporary_folder folder;
  const auto version = folder.path() / "m" / "1";
  const auto found = [&] { return scan_model(folder.path(), "m").value().versions.at(0); };
  testing::write_listed(version / "model.json");
  CHECK(found().file == version / "model.json");
  CHECK(found().rival == version / "model.onnx");
  CHECK(found().problem.empty());
  testing::write_mlp(version / "model.onnx");
  CHECK_THAT(found().problem, Contains(version.string()) && Contains("both model.onnx and model.json"));
  std::ofstream{folder.path() / "m" / "config.pbtxt"} << "default_model_filename: 'model.json'";
  CHECK(found().file == version / "model.json");
  CHECK(found().rival.empty());
  CHECK(found().problem.empty());
  std::ofstream{folder.path() / "m" / "config.pbtxt"} << "default_model_filename: 'net.json'";
  CHECK_THAT(found().problem, Contains("net.json' is not there"));
}

TEST_CASE("What cannot be a model is reported with its reason, and hides no other", "[apps]") {
  testing::temporary_folder folder;
  const auto& root = folder.path();
  testing::write_mlp(root / "good" / "1" / "model.onnx");
  for (const auto* name : {"huge", "syntax", "misnamed", "pipe", "folder", "choosy", "loop_in_config"})
    testing::write_mlp(root / name / "1" / "model.onnx");
  std::ofstream{root / "huge" / "config.pbtxt"} << std::string(1 << 20, '#');
  std::ofstream{root / "syntax" / "config.pbtxt"} << "name: {";
  std::ofstream{root / "misnamed" / "config.pbtxt"} << "name: 'another'";
  std::ofstream{root / "choosy" / "config.pbtxt"} << "version_policy { specific { versions: 5 } }";
  REQUIRE(::mkfifo((root / "pipe" / "config.pbtxt").c_str(), 0600) == 0);
  std::filesystem::create_directories(root / "folder" / "config.pbtxt");
  std::filesystem::create_symlink("config.pbtxt", root / "loop_in_config" / "config.pbtxt");
  std::filesystem::create_symlink("circle", root / "circle");
  std::filesystem::create_symlink("nowhere_at_all", root / "dangling");
  std::filesystem::create_directory_symlink("good", root / "linked");
  auto found = scan_repository(root);
  REQUIRE(found);
  std::map<std::string, std::string> problems;
  for (const auto& m : *found)
    problems[m.name] = m.problem;
  CHECK(problems.size() == 11);
  CHECK(problems["good"].empty());
  CHECK(problems["linked"].empty());
  CHECK_THAT(problems["huge"], Contains("larger"));
  CHECK_THAT(problems["syntax"], Contains("line 1"));
  CHECK_THAT(problems["misnamed"], Contains("another"));
  CHECK_THAT(problems["choosy"], Contains("version_policy"));
  CHECK_THAT(problems["pipe"], Contains("not a plain file"));
  CHECK_THAT(problems["folder"], Contains("not a plain file"));
  CHECK_THAT(problems["loop_in_config"], Contains("not a plain file"));
  CHECK_THAT(problems["circle"], Contains("leads to no folder"));
  CHECK_THAT(problems["dangling"], Contains("leads to no folder"));
}

TEST_CASE("One model is found by its name, which stays in the repository", "[apps]") {
  testing::temporary_folder folder;
  testing::write_mlp(folder.path() / "in" / "a" / "1" / "model.onnx");
  testing::write_mlp(folder.path() / "out" / "1" / "model.onnx");
  auto dir = folder.path() / "in";
  CHECK(scan_model(dir, "a"));
  for (const std::string name : {"b", "", ".", "..", "../out", "a/1", "/etc", ".git"}) {
    CAPTURE(name);
    auto found = scan_model(dir, name);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == errc::not_found);
  }
}
