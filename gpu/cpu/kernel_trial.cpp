#include "gpu/cpu/kernel_trial.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <list>
#include <optional>
#include <unordered_map>

#include "gpu/defaults.hpp"

namespace baton::gpu::cpu {
namespace {

using clock = std::chrono::steady_clock;

/// Memory of a trial, counted in the domain.
class piece {
public:
  piece(const layout& how, const std::shared_ptr<domain_memory>& home)
      : bytes_(home->allocate(purpose::scratch, std::max<std::size_t>(how.get_size(), 1), "a trial of kernels")),
        memory_(how, cpu_engine(), bytes_.data()) {
    std::memset(bytes_.data(), 0, bytes_.bytes());
  }
  std::span<float> floats() const { return {reinterpret_cast<float*>(bytes_.data()), bytes_.bytes() / sizeof(float)}; }
  const dnnl::memory& memory() const { return memory_; }
  layout how() const { return memory_.get_desc(); }

private:
  buffer bytes_;
  dnnl::memory memory_;
};

void reorder(const piece& from, const piece& to, const dnnl::stream& stream) {
  auto a = from.memory();
  auto b = to.memory();
  dnnl::reorder(a, b).execute(stream, a, b);
}

/// Numbers in [-1, 1), the same each time.
void fill(std::span<float> numbers) {
  std::uint32_t state = 1;
  for (auto& x : numbers) {
    state = state * 1664525U + 1013904223U;
    x = static_cast<float>(static_cast<std::int32_t>(state)) * 0x1p-31F;
  }
}

/// Memory that the kernels of a trial take in turn: pictures by layout, and one scratch arena.
class workbench {
public:
  workbench(const std::vector<conv_kernel>& kernels, std::shared_ptr<domain_memory> home) : home_(std::move(home)) {
    std::size_t most = 1;
    for (const auto& k : kernels)
      most = std::max(most, k.how.scratchpad_desc().get_size());
    scratch_ = home_->allocate(purpose::scratch, most, "a trial of kernels");
  }

  /// The source's pictures in that layout.
  const piece& source(const layout& how, const piece& plain, const dnnl::stream& stream) {
    const auto known = sources_.size();
    const auto& result = of(sources_, how);
    if (sources_.size() > known)
      reorder(plain, result, stream);
    return result;
  }
  const piece& target(const layout& how) { return of(targets_, how); }
  dnnl::memory scratch(const layout& how) const { return {how, cpu_engine(), scratch_.data()}; }
  const std::shared_ptr<domain_memory>& home() const { return home_; }

private:
  const piece& of(std::list<piece>& pieces, const layout& how) {
    const auto found = std::find_if(pieces.begin(), pieces.end(), [&](const auto& p) { return p.how() == how; });
    return found != pieces.end() ? *found : pieces.emplace_back(how, home_);
  }

  std::shared_ptr<domain_memory> home_;
  std::list<piece> sources_;
  std::list<piece> targets_;
  buffer scratch_;
};

/// One kernel, ready to run.
class candidate {
public:
  candidate(const conv_kernel& kernel, const piece& pictures, const piece& weights, workbench& bench,
            const dnnl::stream& stream)
      : convolve_(primitive_of(kernel.how)), source_(&bench.source(kernel.how.src_desc(), pictures, stream)),
        target_(&bench.target(kernel.how.dst_desc())), weights_(kernel.how.weights_desc(), bench.home()) {
    reorder(weights, weights_, stream);
    arguments_ = {{DNNL_ARG_SRC, source_->memory()},
                  {DNNL_ARG_WEIGHTS, weights_.memory()},
                  {DNNL_ARG_DST, target_->memory()},
                  {DNNL_ARG_SCRATCHPAD, bench.scratch(kernel.how.scratchpad_desc())}};
    if (kernel.how.bias_desc().get_size() > 0) {
      bias_.emplace(kernel.how.bias_desc(), bench.home());
      fill(bias_->floats());
      arguments_.emplace(DNNL_ARG_BIAS, bias_->memory());
    }
  }

  double run(const dnnl::stream& stream) const {
    const auto start = clock::now();
    convolve_.execute(stream, arguments_);
    return std::chrono::duration<double>(clock::now() - start).count();
  }
  std::span<const float> source() const { return source_->floats(); }
  const piece& target() const { return *target_; }

private:
  dnnl::convolution_forward convolve_;
  const piece* source_;
  const piece* target_;
  piece weights_;
  std::optional<piece> bias_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

double relative_error(std::span<const float> of, std::span<const float> reference) {
  double difference = 0;
  double size = 0;
  for (std::size_t i = 0; i < of.size(); ++i) {
    const double d = static_cast<double>(of[i]) - reference[i];
    difference += d * d;
    size += static_cast<double>(reference[i]) * reference[i];
  }
  return size > 0 ? std::sqrt(difference / size) : std::sqrt(difference);
}

/// What runs between two runs of a layer: other layers' weights come through the caches.
class other_layers {
public:
  other_layers(std::size_t bytes, const std::shared_ptr<domain_memory>& home)
      : bytes_(home->allocate(purpose::scratch, std::max<std::size_t>(bytes, 1), "a trial of kernels")) {
    std::memset(bytes_.data(), 1, bytes_.bytes());
  }
  void run(std::span<const float> then_read) {
    constexpr std::size_t line = 64;
    unsigned sum = 0;
    for (std::size_t i = 0; i < bytes_.bytes(); i += line)
      sum += static_cast<unsigned>(bytes_.data()[i]);
    for (std::size_t i = 0; i < then_read.size(); i += line / sizeof(float))
      sum += then_read[i] > 0 ? 1U : 0U;
    seen_ = sum;
  }

private:
  buffer bytes_;
  volatile unsigned seen_ = 0;
};

} // namespace

std::vector<trial_result> try_kernels(const layer_view& of, const convolution& c,
                                      const std::vector<conv_kernel>& kernels, std::size_t model_bytes,
                                      const std::shared_ptr<domain_memory>& home) {
  dnnl::stream stream(cpu_engine());
  workbench bench(kernels, home);
  std::vector<std::optional<candidate>> candidates;
  std::vector<trial_result> results(kernels.size());
  {
    piece pictures(plain_layout(c.source), home);
    fill(pictures.floats());
    piece weights(plain_layout(c.weights), home);
    write_weights(of, c, weights.floats());
    piece reference(plain_layout(c.target), home);
    piece result(plain_layout(c.target), home);
    auto least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      auto& one = candidates.emplace_back();
      one.emplace(kernels[i], pictures, weights, bench, stream);
      std::fill(one->target().floats().begin(), one->target().floats().end(), 0.0F); // a sum adds to what is there
      one->run(stream);
      const auto& seen = i == 0 ? reference : result;
      reorder(one->target(), seen, stream);
      results[i].error = relative_error(seen.floats(), reference.floats());
      const auto seconds = one->run(stream);
      least = std::min(least, seconds);
      if (i > 0 && seconds > defaults::trial_hopeless * least)
        one.reset();
    }
  }
  other_layers between(std::min(model_bytes, defaults::trial_bytes_between), home);
  for (auto& r : results)
    r.seconds = std::numeric_limits<double>::infinity();
  // In turn, so that a disturbance of the machine does not hit one kernel alone.
  double spent = 0;
  for (int round = 0; round < defaults::trial_rounds && (round < 2 || spent < defaults::trial_seconds); ++round)
    for (std::size_t i = 0; i < candidates.size(); ++i)
      if (candidates[i]) {
        between.run(candidates[i]->source());
        const auto seconds = candidates[i]->run(stream);
        results[i].seconds = std::min(results[i].seconds, seconds);
        spent += seconds;
      }
  return results;
}

double time_reorder(const layout& from, const layout& to, const std::shared_ptr<domain_memory>& home) {
  dnnl::stream stream(cpu_engine());
  piece a(from, home);
  piece b(to, home);
  auto source = a.memory();
  auto target = b.memory();
  const dnnl::reorder primitive(source, target);
  auto least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < defaults::reorder_runs; ++i) {
    const auto start = clock::now();
    primitive.execute(stream, source, target);
    least = std::min(least, std::chrono::duration<double>(clock::now() - start).count());
  }
  return least;
}

} // namespace baton::gpu::cpu
