// Goodput: the highest rate at which 99% of the requests are in time, on 8 unequal GPUs with 20 models, by policy.
//
// Deadlines are 5 times what a model takes (mean of all devices), each model's intervals gamma of coefficients of
// variation 1, 4 and 8. Each policy has the better of two lengths of the line at a device, chosen with other seeds.
// ROUNDS=N: seeds.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include "apps/progress.hpp"
#include "apps/simulate/goodput.hpp"
#include "tests/bench/measure.hpp"

using namespace baton;
using namespace baton::apps;
using bench::must;

namespace {

constexpr double percent = 99;
constexpr std::uint64_t requests = 2000;
constexpr std::uint32_t tuning_seeds = 4;
constexpr std::uint64_t first_tuning_seed = 10'001;
constexpr std::uint64_t first_other_seed = 20'001;
const std::vector<double> lines_us{0, 200};

constexpr const char* cluster = R"({"nodes": [{"name": "a", "devices": [
  {"kind": "H100"}, {"kind": "A100"}, {"kind": "V100", "count": 2}, {"kind": "L4"}, {"kind": "RTX 3080"},
  {"kind": "GTX 1080 Ti"}, {"kind": "RTX 2060"}]}]})";

/// A network of 3x3 convolutions, each stage half as large and twice as wide as the one before.
std::string network(int size, int width, int stages, int per_stage) {
  std::string layers;
  int in = 3;
  for (int stage = 0; stage < stages; ++stage) {
    const int out = width << stage;
    for (int i = 0; i < per_stage; ++i) {
      layers += fmt::format(
          R"({{"type": "conv", "params": {{"in_channels": {}, "out_channels": {}, "filter_size": 3, "stride": 1, "padding": 1}}}},
             {{"type": "relu", "params": {{}}}},)",
          in, out);
      in = out;
    }
    layers += R"({"type": "maxpool", "params": {"ksize": 2, "kstride": 2}},)";
  }
  const int left = size >> stages;
  layers += fmt::format(
      R"({{"type": "flat", "params": {{}}}}, {{"type": "linear", "params": {{"in_channels": {}, "out_channels": 1000}}}})",
      in * left * left);
  return fmt::format(R"({{"name": "n{0}_{1}_{2}x{3}", "input_shape": [1, 3, {0}, {0}], "layers": [{4}]}})", size, width,
                     stages, per_stage, layers);
}

/// Files for the time of a run.
class folder {
public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "baton_goodput_XXXXXX").string();
    if (!::mkdtemp(name.data()))
      throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~folder() { std::filesystem::remove_all(path_); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }

private:
  std::filesystem::path path_;
};

/// Three of demo/models_json and 17 from shallow and narrow to deep and wide.
simulate::input_options described(const folder& f) {
  simulate::input_options o;
  o.clusters = f.write("cluster.json", cluster);
  for (const auto* name : {"alexnet", "vgg16", "tiny_yolo"})
    o.models.push_back(fmt::format("demo/models_json/{}.json", name));
  for (const auto& [size, width, stages, per_stage] : {std::tuple{32, 16, 2, 1},
                                                       {32, 32, 3, 2},
                                                       {64, 16, 3, 1},
                                                       {64, 32, 3, 2},
                                                       {64, 64, 4, 2},
                                                       {64, 32, 4, 4},
                                                       {96, 16, 4, 1},
                                                       {96, 32, 4, 2},
                                                       {96, 64, 4, 2},
                                                       {128, 16, 4, 2},
                                                       {128, 32, 4, 2},
                                                       {128, 32, 5, 4},
                                                       {128, 64, 5, 2},
                                                       {224, 16, 5, 1},
                                                       {224, 32, 5, 2},
                                                       {224, 32, 5, 4},
                                                       {224, 48, 5, 3}}) {
    const auto name = fmt::format("n{}_{}_{}x{}.json", size, width, stages, per_stage);
    o.models.push_back(f.write(name, network(size, width, stages, per_stage)));
  }
  o.requests.arrivals = "gamma";
  o.requests.independent = true;
  o.requests.cvs = "1,4,8";
  o.requests.rates = "1000";
  o.requests.requests = requests;
  o.requests.slo = 5;
  return o;
}

std::vector<simulate::goodput> find(simulate::input_options o, const std::vector<std::string>& policies, double line_us,
                                    std::uint64_t first_seed, std::uint32_t seeds, const std::string& what) {
  if (policies.empty())
    return {};
  o.policies.clear();
  for (const auto& p : policies)
    o.policies += (o.policies.empty() ? "" : ",") + p;
  o.backlog_us = line_us;
  o.seed = first_seed;
  o.seeds = seeds;
  const auto search = must(simulate::goodput_search::make(o, percent));
  progress bar{stderr, what};
  std::size_t done = 0;
  return must(search.run([&] {
    ++done;
    bar.update(static_cast<double>(done) / static_cast<double>(search.searches()),
               fmt::format("{} of {} searches", done, search.searches()));
  }));
}

double mean_of(const std::vector<simulate::goodput>& all, const std::string& policy) {
  double sum = 0;
  for (const auto& g : all)
    if (g.policy == policy)
      sum += simulate::estimate_of(g.rates).mean;
  return sum;
}

void print(const std::vector<simulate::goodput>& all, const std::string& policy, const std::string& label) {
  std::printf("  %-22s", label.c_str());
  for (const auto& g : all)
    if (g.policy == policy) {
      const auto e = simulate::estimate_of(g.rates);
      std::printf(" %9.1f ±%-7.1f", e.mean, e.half_width);
    }
  std::printf("\n");
}

int measure() {
  const auto seeds = static_cast<std::uint32_t>(bench::rounds_wanted(20));
  const folder files;
  const auto o = described(files);
  std::vector<std::string> policies;
  for (const auto name : scheduling::policy_names())
    policies.emplace_back(name);
  for (const auto* name : {"fixed_window:4:500", "fixed_window:16:500", "fixed_window:16:5000", "lazy_batching:16"})
    policies.emplace_back(name);
  std::erase(policies, "marginal"); // it is marginal:slo
  std::vector<std::vector<simulate::goodput>> tried;
  for (const auto us : lines_us)
    tried.push_back(find(o, policies, us, first_tuning_seed, tuning_seeds, fmt::format("tuning, {:g} us", us)));
  std::vector<std::vector<std::string>> chosen(lines_us.size());
  for (const auto& p : policies)
    chosen[mean_of(tried[1], p) > mean_of(tried[0], p)].push_back(p);
  chosen[0].emplace_back(simulate::oracle_policy);

  std::printf(
      "requests per second at which %g%% are in time, means of %u seeds of about %llu requests and 95%% intervals\n",
      percent, seeds, static_cast<unsigned long long>(requests));
  std::printf("  %-22s %9s          %9s          %9s\n", "policy, line us", "cv 1", "cv 4", "cv 8");
  std::vector<simulate::goodput> all;
  for (std::size_t i = 0; i < lines_us.size(); ++i) {
    const auto found = find(o, chosen[i], lines_us[i], 1, seeds, fmt::format("{:g} us", lines_us[i]));
    for (const auto& p : chosen[i])
      print(found, p,
            p == simulate::oracle_policy ? "oracle (without batches)" : fmt::format("{}, {:g}", p, lines_us[i]));
    all.insert(all.end(), found.begin(), found.end());
  }
  print(find(o, {"edf"}, lines_us[0], first_other_seed, seeds, "edf again"), "edf", "edf, 0, other seeds");
  for (const auto& g : all)
    bench::print_figure(fmt::format("goodput.cv{}.{}", g.at.back().text, g.policy), simulate::estimate_of(g.rates).mean,
                        "requests/s");
  return 0;
}

} // namespace

int main() {
  try {
    return measure();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "goodput: %s\n", e.what());
    return 1;
  }
}
