#include <catch2/catch.hpp>

#include <cmath>
#include <fstream>

#include "apps/preprocessing.hpp"
#include "apps/run_inputs.hpp"
#include "metadata/npy.hpp"
#include "metadata/onnx_import.hpp"
#include "metadata/tensor_pb.hpp"
#include "onnx_files.hpp"
#include "picture_files.hpp"

using namespace baton;
using namespace baton::apps;
using namespace baton::testing;
using Catch::Contains;

namespace {

/// A model with one input of that shape, and pictures beside it.
struct scene {
  explicit scene(const std::vector<std::string>& shape) {
    write_relu(folder.path() / "model.onnx", shape);
    model = metadata::import_onnx(folder.path() / "model.onnx", "test").value();
  }
  std::string add(const std::string& name, const picture& p) const {
    auto file = (folder.path() / name).string();
    std::ofstream{file, std::ios::binary} << png_of(p);
    return file;
  }
  const metadata::value& input() const { return model->values()[model->inputs()[0]]; }
  expected<preprocessing> choose(const std::string& text) const { return choose_preprocessing(*model, input(), text); }
  expected<run_inputs> make(const std::string& choice, const std::string& text = "") const {
    return make_inputs(*model, {{choice}, std::nullopt, {}, 1, text});
  }

  temporary_folder folder;
  std::shared_ptr<const metadata::model> model;
};

float at(const metadata::tensor& t, std::size_t i) {
  return t.as<float>()[i];
}

} // namespace

TEST_CASE("Without a word a picture fits the input: size, channels and layout", "[apps]") {
  const scene grey({"N", "1", "8", "6"}), colour({"N", "3", "8", "6"}), last({"1", "8", "6", "3"}),
      open({"N", "C", "H", "W"});
  CHECK(grey.choose("")->channels == picture_channels::grey);
  CHECK(grey.choose("unit")->resize == picture_size{6, 8});
  CHECK(colour.choose("")->channels == picture_channels::rgb);
  CHECK(colour.choose("")->layout == picture_layout::nchw);
  CHECK(last.choose("")->layout == picture_layout::nhwc);
  CHECK(last.choose("")->resize == picture_size{6, 8});
  CHECK(open.choose("")->layout == picture_layout::nchw);
  CHECK_FALSE(open.choose("")->resize);
  const auto p = patterned({6, 8}, 3);
  const auto made = colour.make(colour.add("a.png", p)).value();
  const auto& t = made.tensors.at(0);
  REQUIRE(t.shape() == std::vector<std::int64_t>{1, 3, 8, 6});
  for (std::size_t i = 0; i < 48; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      CHECK(at(t, c * 48 + i) == static_cast<float>(p.pixels[3 * i + c]) / 255);
  CHECK_THAT(made.notes.at(0), Contains("x: ") && Contains("a.png 6x8 -> unit: RGB, x/255, NCHW"));
  const auto flat = last.make(last.add("a.png", p)).value();
  REQUIRE(flat.tensors[0].shape() == std::vector<std::int64_t>{1, 8, 6, 3});
  for (std::size_t i = 0; i < p.pixels.size(); ++i)
    CHECK(at(flat.tensors[0], i) == static_cast<float>(p.pixels[i]) / 255);
}

TEST_CASE("Each part of a preprocessing does what its name says", "[apps]") {
  const scene s({"N", "3", "2", "2"});
  picture p{{8, 6}, 3, {}};
  for (int i = 0; i < 48; ++i)
    p.pixels.insert(p.pixels.end(), {51, 102, 204});
  const auto file = s.add("flat.png", p);
  const auto values = [&](const std::string& text) {
    const auto t = s.make(file, text).value().tensors.at(0);
    REQUIRE(t.shape() == std::vector<std::int64_t>{1, 3, 2, 2});
    return std::vector{at(t, 0), at(t, 4), at(t, 8)};
  };
  const auto near = [](const std::vector<float>& a, const std::vector<double>& b) {
    for (std::size_t i = 0; i < 3; ++i)
      CHECK(a[i] == Approx(b[i]));
  };
  near(values(""), {0.2, 0.4, 0.8});
  near(values("raw"), {51, 102, 204});
  near(values("signed"), {51 / 127.5 - 1, 102 / 127.5 - 1, 204 / 127.5 - 1});
  near(values("imagenet"), {(0.2 - 0.485) / 0.229, (0.4 - 0.456) / 0.224, (0.8 - 0.406) / 0.225});
  near(values("channels=bgr"), {0.8, 0.4, 0.2});
  near(values("resize=4,crop=2,mean=0.1:0.2:0.3,std=0.5"), {0.2, 0.4, 1.0});
  near(values("resize=none,crop=2x2,scale=51"), {1, 2, 4});
  CHECK_THAT(s.make(file, "imagenet")->notes.at(0),
             Contains("8x6 -> imagenet: resized to 2x2 (bilinear)") || Contains("centre 2x2"));
  CHECK_THAT(
      s.make(file, "resize=4,crop=2,mean=0.1:0.2:0.3,std=0.5")->notes.at(0),
      Contains("8x6 -> custom: resized to 5x4 (area), centre 2x2 cut out, RGB, (x/255 - 0.1:0.2:0.3)/(0.5), NCHW"));
}

TEST_CASE("ImageNet's preprocessing takes 256 for 224", "[apps]") {
  const scene s({"N", "3", "224", "224"});
  const auto p = s.choose("imagenet").value();
  CHECK(p.shorter_side == 256);
  CHECK(p.crop == picture_size{224, 224});
  CHECK_THAT(describe(p, {640, 427}, {224, 224}),
             Contains("resized to 383x256 (bilinear), centre 224x224 cut out, RGB"));
}

TEST_CASE("Several pictures are one batch, if they end up with one size", "[apps]") {
  const scene s({"N", "1", "4", "4"}), open({"N", "1", "H", "W"});
  const auto a = patterned({4, 4}, 1), b = patterned({4, 4}, 3);
  const auto made = s.make("x=" + s.add("a.png", a) + "," + s.add("b.png", b)).value();
  REQUIRE(made.tensors[0].shape() == std::vector<std::int64_t>{2, 1, 4, 4});
  CHECK(made.notes.size() == 2);
  for (std::size_t i = 0; i < 16; ++i)
    CHECK(at(made.tensors[0], i) == static_cast<float>(a.pixels[i]) / 255);
  const auto unequal = open.make(open.add("a.png", a) + "," + open.add("c.png", patterned({5, 4}, 1)));
  REQUIRE_FALSE(unequal);
  CHECK_THAT(unequal.error().message, Contains("c.png: becomes 5x4") && Contains("one size"));
  const auto comma = s.make(s.add("a,b.png", a));
  CHECK(comma.value().tensors[0].shape()[0] == 1);
}

TEST_CASE("A preprocessing that makes no sense is refused by the part at fault", "[apps]") {
  const scene s({"N", "3", "8", "8"}), table({"N", "64"}), grey({"N", "1", "8", "8"});
  for (const std::string text : {"nonsense", "resize=", "resize=0", "resize=3x", "resize=1x2x3", "resize=99999",
                                 "crop=-1", "filter=cubic", "channels=cmyk", "layout=chwn", "scale=0", "scale=nan",
                                 "mean=1:2", "std=0", "std=1:0:1", "mean=x", "size=3", "", "unit,"}) {
    const auto p = s.choose("crop=2," + text);
    REQUIRE_FALSE(p);
    CHECK(p.error().code == errc::bad_argument);
    CHECK_THAT(p.error().message, Contains("'" + text.substr(0, text.find(',')) + "'"));
  }
  CHECK_THAT(table.choose("").error().message, Contains("input 'x' is [N,64]"));
  CHECK_THAT(s.choose("channels=grey").error().message, Contains("does not fit the channels"));
  CHECK_THAT(grey.choose("imagenet").error().message, Contains("one channel"));
  const auto small = s.make(s.add("small.png", patterned({4, 4}, 3)), "resize=none,crop=8");
  REQUIRE_FALSE(small);
  CHECK_THAT(small.error().message, Contains("small.png: 8x8 cannot be cut out of a picture of 4x4"));
  const auto long_one = s.make(s.add("long.png", patterned({2000, 1}, 3)), "resize=1000,crop=8");
  REQUIRE_FALSE(long_one);
  CHECK_THAT(long_one.error().message, Contains("long.png: ") && Contains("has more than"));
}

TEST_CASE("An input file is told by how it begins, then by its name", "[apps]") {
  const scene s({"N", "1", "4", "4"});
  const auto p = patterned({4, 4}, 1);
  metadata::tensor t{metadata::element_type::float32, {1, 1, 4, 4}};
  for (std::size_t i = 0; i < 16; ++i)
    t.as_mutable<float>()[i] = static_cast<float>(p.pixels[i]) / 255;
  const auto in = [&](const char* name) { return s.folder.path() / name; };
  REQUIRE(metadata::write_npy(in("a.npy"), t));
  REQUIRE(metadata::write_npy(in("npy_without_a_name"), t));
  REQUIRE(metadata::write_tensor_pb(in("a.pb"), t, "x"));
  s.add("picture_without_a_name", p);
  for (const auto* name : {"a.npy", "npy_without_a_name", "a.pb", "picture_without_a_name"}) {
    const auto made = s.make(in(name).string());
    REQUIRE(made);
    for (std::size_t i = 0; i < 16; ++i)
      CHECK(at(made->tensors[0], i) == at(t, i));
  }
  std::ofstream{in("a.txt")} << "0 1 2";
  std::ofstream{in("a.JPG")} << "no picture";
  CHECK_THAT(s.make(in("a.txt").string()).error().message, Contains("a.txt: is none of"));
  CHECK_THAT(s.make(in("a.JPG").string()).error().message, Contains("a.JPG: is not a PNG or JPEG"));
  CHECK(s.make(in("b.png").string()).error().code == errc::not_found);
  CHECK_THAT(s.make(in("a.npy").string() + "," + in("a.pb").string()).error().message, Contains("only pictures"));
}
