#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include <catch2/catch.hpp>

#include "tests/onnx/onnx_case.hpp"

using namespace baton::testing;
namespace fs = std::filesystem;

namespace {

std::set<std::string> words(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

/// The operators that Baton is to run. Models with any other are not looked at.
const auto operators =
    words("Abs Add AveragePool BatchNormalization Cast Clip Concat Constant ConstantOfShape Conv Div Dropout Elu Erf "
          "Exp Expand Flatten GRU Gather Gelu Gemm GlobalAveragePool GlobalMaxPool HardSigmoid HardSwish Identity LRN "
          "LSTM LeakyRelu LogSoftmax MatMul MaxPool Mul Neg Pad Pow RNN ReduceMean Relu Reshape Shape Sigmoid Slice "
          "Softmax Split Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze");

bool is_ours(const onnx_case& c) {
  const auto& used = c.operators();
  return std::all_of(used.begin(), used.end(), [](const auto& op) { return operators.contains(op); });
}

std::set<fs::path> folders_of(const std::string& set) {
  std::set<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(fs::path(ONNX_TESTDATA) / set))
    folders.insert(entry.path());
  REQUIRE_FALSE(folders.empty());
  return folders;
}

struct counts {
  std::array<int, 6> by_verdict{};
};

std::set<std::string> lines_of(const fs::path& file) {
  std::ifstream in(file);
  std::set<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '#')
      lines.insert(line);
  return lines;
}

/// What is in `a` and not in `b`, a line each.
std::string missing(const std::set<std::string>& a, const std::set<std::string>& b) {
  std::string text;
  for (const auto& line : a)
    if (!b.contains(line))
      text += line + '\n';
  return text;
}

void print(const std::map<std::string, counts>& table) {
  std::printf("%-20s %7s %10s %9s %11s %8s %7s\n", "operator", "passed", "as layers", "constant", "as opset 7",
              "refused", "failed");
  for (const auto& [name, c] : table) {
    const auto& n = c.by_verdict;
    std::printf("%-20s %7d %10d %9d %11d %8d %7d\n", name.c_str(), n[0], n[1], n[2], n[3], n[4], n[5]);
  }
}

} // namespace

TEST_CASE("the ONNX project's tests of our operators pass, or are refused for a reason on the list", "[onnx]") {
  const auto& on = backends().at(0);
  auto machine = demand(on.open(0));
  bench_device device(on, *machine, 0);
  std::map<std::string, counts> table;
  std::set<std::string> refused;
  std::string failed;
  for (const auto* set : {"node", "simple", "pytorch-operator", "pytorch-converted"}) {
    for (const auto& folder : folders_of(set)) {
      const onnx_case c(folder);
      const auto& used = c.operators();
      if (!is_ours(c))
        continue;
      const auto result = c.run(device);
      const auto name = std::string(set) + '/' + folder.filename().string();
      for (const auto& who : {used.size() == 1 ? used[0] : std::string("(several)"), std::string("all")})
        ++table[who].by_verdict[static_cast<std::size_t>(result.is)];
      if (result.is == verdict::refused)
        refused.insert(name + ": " + result.reason);
      if (result.is == verdict::failed)
        failed += name + ": " + result.reason + '\n';
    }
  }
  print(table);
  for (const auto& line : refused)
    std::printf("refused %s\n", line.c_str());
  const auto known = lines_of(ONNX_REFUSED);
  const auto fresh = missing(refused, known);
  const auto gone = missing(known, refused);
  INFO("refused and not in " << ONNX_REFUSED << ":\n"
                             << fresh << "in it and no longer refused:\n"
                             << gone << "failed:\n"
                             << failed);
  CHECK(failed.empty());
  CHECK(fresh.empty());
  CHECK(gone.empty());
}

TEST_CASE("models of opset 13 to 17 give the same as opset 21, unless their operator changed", "[onnx]") {
  const auto& on = backends().at(0);
  auto machine = demand(on.open(0));
  bench_device device(on, *machine, 0);
  int same = 0;
  for (const auto& folder : folders_of("node")) {
    const onnx_case c(folder);
    if (!is_ours(c) || c.opset() < 13 || c.run(device).is == verdict::refused)
      continue;
    CAPTURE(folder.filename());
    const auto result = c.run_as(device, 21);
    CHECK(result.is != verdict::failed);
    // Its axes, an attribute before opset 18, are an operand since.
    const auto& used = c.operators();
    if (result.is == verdict::refused && std::find(used.begin(), used.end(), "ReduceMean") != used.end())
      continue;
    CAPTURE(result.reason);
    CHECK(result.is != verdict::refused);
    ++same;
  }
  CHECK(same >= 100);
}
