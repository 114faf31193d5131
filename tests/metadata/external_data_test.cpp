#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "tests/metadata/onnx_maker.hpp"

using namespace baton;
using namespace baton::testing;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

/// A folder with a model `model.onnx`, whose weight w [4,2] is in another file.
class folder {
public:
  folder() {
    static int count = 0;
    outside_ =
        fs::temp_directory_path() / ("baton_external_" + std::to_string(::getpid()) + '_' + std::to_string(count++));
    fs::create_directories(inside() / "data");
    maker_.input("x", {"N", 4}).weight("w", {4, 2}).node("MatMul", {"x", "w"}, {"y"}).output("y");
    maker_.last_initializer().clear_raw_data();
    maker_.last_initializer().set_data_location(onnx::TensorProto::EXTERNAL);
  }
  ~folder() {
    std::error_code ignored;
    fs::remove_all(outside_, ignored);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  fs::path outside() const { return outside_; }
  fs::path inside() const { return outside_ / "model"; }
  folder& entry(const std::string& key, const std::string& text) {
    auto* e = maker_.last_initializer().add_external_data();
    e->set_key(key);
    e->set_value(text);
    return *this;
  }
  /// `skipped` bytes, then eight numbers from 1 on.
  static void write(const fs::path& file, std::size_t skipped = 0, std::size_t numbers = 8) {
    std::ofstream out(file, std::ios::binary);
    out << std::string(skipped, '#');
    for (std::size_t i = 0; i < numbers; ++i) {
      const auto x = static_cast<float>(i + 1);
      out.write(reinterpret_cast<const char*>(&x), sizeof x);
    }
  }
  expected<std::shared_ptr<const metadata::model>> import() const {
    std::ofstream(inside() / "model.onnx", std::ios::binary) << maker_.bytes();
    return metadata::import_onnx(inside() / "model.onnx", "m");
  }
  std::string refused() const {
    const auto m = import();
    REQUIRE_FALSE(m);
    CHECK_THAT(m.error().message, Contains("initializer 'w'"));
    return m.error().message;
  }
  onnx_maker& maker() { return maker_; }

private:
  fs::path outside_;
  onnx_maker maker_;
};

std::vector<float> numbers_of(const metadata::model& m) {
  const auto t = m.read_weight(m.layers()[0].inputs[1]).value();
  return {t.as<float>().begin(), t.as<float>().end()};
}

const std::vector<float> one_to_eight{1, 2, 3, 4, 5, 6, 7, 8};

} // namespace

TEST_CASE("weights in other files stay there and are read from there", "[metadata]") {
  SECTION("whole files") {
    folder f;
    folder::write(f.inside() / "w.bin");
    CHECK(numbers_of(*f.entry("location", "w.bin").import().value()) == one_to_eight);
  }
  SECTION("a piece of a file in a folder below") {
    folder f;
    folder::write(f.inside() / "data" / "all.bin", 12);
    f.entry("location", "data/all.bin").entry("offset", "12").entry("length", "32").entry("checksum", "0123");
    const auto m = f.import().value();
    CHECK(numbers_of(*m) == one_to_eight);
    const auto& w = m->values()[m->layers()[0].inputs[1]].weight;
    CHECK(w.inline_bytes.empty());
    CHECK(w.offset == 12);
    CHECK(m->parameters() == 8);
  }
  SECTION("a file much larger than memory") {
    folder f;
    folder::write(f.inside() / "w.bin");
    fs::resize_file(f.inside() / "w.bin", std::uint64_t{1} << 40); // sparse
    f.entry("location", "w.bin").entry("length", "32");
    CHECK(numbers_of(*f.import().value()) == one_to_eight);
  }
  SECTION("behind a link inside of the folder") {
    folder f;
    folder::write(f.inside() / "data" / "w.bin");
    fs::create_symlink("data/w.bin", f.inside() / "w.bin");
    CHECK(numbers_of(*f.entry("location", "w.bin").import().value()) == one_to_eight);
  }
}

TEST_CASE("external data that leaves the model's folder is refused", "[metadata]") {
  folder f;
  folder::write(f.outside() / "secret.bin");
  SECTION("upwards") {
    CHECK_THAT(f.entry("location", "../secret.bin").refused(), Contains("'../secret.bin' lies outside"));
  }
  SECTION("down and up") {
    CHECK_THAT(f.entry("location", "data/../../secret.bin").refused(), Contains("lies outside"));
  }
  SECTION("from the root") {
    CHECK_THAT(f.entry("location", (f.outside() / "secret.bin").string()).refused(), Contains("relative"));
  }
  SECTION("through a link to the file") {
    fs::create_symlink(f.outside() / "secret.bin", f.inside() / "w.bin");
    CHECK_THAT(f.entry("location", "w.bin").refused(), Contains("'w.bin' lies outside"));
  }
  SECTION("through a link to a folder") {
    fs::create_directory_symlink(f.outside(), f.inside() / "up");
    CHECK_THAT(f.entry("location", "up/secret.bin").refused(), Contains("lies outside"));
  }
  SECTION("into a folder whose name only begins alike") {
    fs::create_directories(f.outside() / "model2");
    folder::write(f.outside() / "model2" / "w.bin");
    fs::create_symlink(f.outside() / "model2" / "w.bin", f.inside() / "w.bin");
    CHECK_THAT(f.entry("location", "w.bin").refused(), Contains("lies outside"));
  }
}

TEST_CASE("external data that is missing, too short or nonsense is refused", "[metadata]") {
  folder f;
  folder::write(f.inside() / "w.bin");
  SECTION("no such file") {
    CHECK_THAT(f.entry("location", "v.bin").refused(), Contains("'v.bin' is not there"));
  }
  SECTION("no name") {
    CHECK_THAT(f.refused(), Contains("another file that is not named"));
  }
  SECTION("a folder") {
    CHECK_THAT(f.entry("location", "data").refused(), Contains("'data' is not a regular file"));
  }
  SECTION("too short a file") {
    CHECK_THAT(f.entry("location", "w.bin").entry("offset", "4").refused(),
               Contains("has 32 bytes, too few for 32 at offset 4"));
  }
  SECTION("an offset that overflows") {
    f.entry("location", "w.bin").entry("offset", "18446744073709551615");
    CHECK_THAT(f.refused(), Contains("too few"));
  }
  SECTION("a length that does not fill the shape") {
    CHECK_THAT(f.entry("location", "w.bin").entry("length", "16").refused(),
               Contains("has 16 bytes where shape [4,2] needs 32"));
  }
  SECTION("no numbers") {
    CHECK_THAT(f.entry("location", "w.bin").entry("offset", "-4").refused(), Contains("offset '-4' is not a number"));
  }
  SECTION("bytes in both files") {
    f.maker().last_initializer().set_raw_data(std::string(32, 'x'));
    CHECK_THAT(f.entry("location", "w.bin").refused(), Contains("both here and in another file"));
  }
}
