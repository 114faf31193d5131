#include <catch2/catch.hpp>

#include <cmath>
#include <fstream>

#include "apps/defaults.hpp"
#include "apps/labels.hpp"
#include "apps/ranking.hpp"
#include "metadata/half.hpp"
#include "onnx_files.hpp"

using namespace baton;
using namespace baton::apps;
using namespace baton::testing;
using Catch::Contains;
using metadata::element_type;

namespace {

metadata::tensor scores(std::vector<std::int64_t> shape, const std::vector<float>& values) {
  metadata::tensor t{element_type::float32, std::move(shape)};
  std::copy(values.begin(), values.end(), t.as_mutable<float>().begin());
  return t;
}

} // namespace

TEST_CASE("The best classes are a table with labels", "[apps]") {
  CHECK(ranking("probs", scores({1, 3}, {0.25F, 0.7F, 0.05F}), {2, {"cat", "dog", "cow"}, false})
        == "best classes by probs, probabilities:\n"
           "rank  class  label  probability\n"
           "----  -----  -----  -----------\n"
           "   1      1  dog         0.7000\n"
           "   2      0  cat         0.2500\n");
}

TEST_CASE("Each row of a batch is ranked, and labels may be missing", "[apps]") {
  const auto text = ranking("p", scores({2, 2, 1, 1}, {0.25F, 0.75F, 1, 0}), {9, {"a"}, false});
  CHECK_THAT(text,
             Contains("  0     1      1              0.7500\n") && Contains("  1     1      0  a           1.0000\n"));
  CHECK_THAT(text, Contains("1 labels for 2 classes"));
}

TEST_CASE("Scores are not called probabilities, and softmax is applied only when asked for", "[apps]") {
  const auto logits = scores({1, 3}, {1, 3, -2});
  const auto plain = ranking("y", logits, {3, {}, false});
  CHECK_THAT(plain,
             Contains("by y, not probabilities") && Contains("value") && Contains("3.0000") && Contains("-2.0000"));
  const auto soft = ranking("y", logits, {3, {}, true});
  const auto sum = std::exp(1.0) + std::exp(3.0) + std::exp(-2.0);
  CHECK_THAT(soft, Contains("made probabilities by --softmax") && Contains("probability")
                       && Contains(std::to_string(std::exp(3.0) / sum).substr(0, 5)));
  CHECK_THAT(ranking("y", scores({1, 2}, {0.5F, 0.5F}), {2, {}, true}), Contains("--softmax changes nothing"));
  // Each value could be a probability, but together they are none.
  CHECK_THAT(ranking("y", scores({1, 2}, {0.9F, 0.8F}), {2, {}, false}), Contains("not probabilities"));
}

TEST_CASE("Ties rank by class and NaN comes last", "[apps]") {
  const auto text = ranking("y", scores({1, 4}, {NAN, 2, 5, 2}), {4, {"n", "a", "b", "c"}, false});
  const auto place = [&](const char* label) { return text.find(std::string("  ") + label + " "); };
  CHECK(place("b") < place("a"));
  CHECK(place("a") < place("c"));
  CHECK(place("c") < place("n"));
}

TEST_CASE("Half precision is ranked by its values", "[apps]") {
  metadata::tensor t{element_type::float16, {1, 2}};
  t.as_mutable<std::uint16_t>()[0] = metadata::to_float16(-8.0F); // the larger one as bits
  t.as_mutable<std::uint16_t>()[1] = metadata::to_float16(0.5F);
  CHECK_THAT(ranking("y", t, {1, {}, false}), Contains("   1      1  ") && Contains("0.5000"));
}

TEST_CASE("Only floating-point [N,K] looks like scores", "[apps]") {
  CHECK(looks_like_scores(scores({1, 2}, {0, 0})));
  CHECK_FALSE(looks_like_scores(scores({2, 1}, {0, 0})));
  CHECK_FALSE(looks_like_scores(scores({2}, {0, 0})));
  CHECK_FALSE(looks_like_scores(scores({1, 1, 2}, {0, 0})));
  CHECK_FALSE(looks_like_scores(scores({1, 2, 2}, {0, 0, 0, 0})));
  CHECK_FALSE(looks_like_scores(scores({0, 2}, {})));
  CHECK_FALSE(looks_like_scores(metadata::tensor{element_type::int64, {1, 2}}));
}

TEST_CASE("Labels are lines of text, bounded, and errors name the file", "[apps]") {
  const temporary_folder folder;
  const auto file = folder.path() / "labels.txt";
  const auto write = [&](const std::string& text) { std::ofstream{file, std::ios::binary | std::ios::trunc} << text; };
  write("tench, Tinca\r\n\nMäuse\n\n\n");
  CHECK(read_labels(file).value() == std::vector<std::string>{"tench, Tinca", "", "Mäuse"});
  write("a\n\x1b[2J\n");
  CHECK_THAT(read_labels(file).error().message, Contains("labels.txt: line 2 is not text"));
  write(std::string(2 * (defaults::labels + 1), '\n'));
  CHECK_THAT(read_labels(file).error().message, Contains("more than"));
  write(std::string(defaults::labels_bytes + 1, 'a'));
  CHECK_THAT(read_labels(file).error().message, Contains("bytes at most"));
  CHECK(read_labels(folder.path() / "none.txt").error().code == errc::not_found);
  CHECK(read_labels(folder.path()).error().code == errc::io);
}

TEST_CASE("Labels lie beside the model or in the folder of all its versions", "[apps]") {
  const temporary_folder folder;
  const auto model = folder.path() / "digits/3/model.onnx";
  write_mlp(model);
  CHECK_FALSE(find_labels(model));
  std::ofstream{folder.path() / "digits/labels.txt"} << "a\n";
  CHECK(find_labels(model) == folder.path() / "digits/labels.txt");
  std::ofstream{folder.path() / "digits/3/labels.txt"} << "b\n";
  CHECK(find_labels(model) == folder.path() / "digits/3/labels.txt");
  // A file that is in no repository has no business with the folder above.
  write_mlp(folder.path() / "loose/mlp.onnx");
  std::ofstream{folder.path() / "labels.txt"} << "c\n";
  CHECK_FALSE(find_labels(folder.path() / "loose/mlp.onnx"));
}
