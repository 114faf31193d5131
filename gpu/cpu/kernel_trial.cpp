#include "gpu/cpu/kernel_trial.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
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

/// One kernel, ready to run.
class candidate {
public:
  candidate(const conv_kernel& kernel, const piece& pictures, const piece& weights,
            const std::shared_ptr<domain_memory>& home, const dnnl::stream& stream)
      : convolve_(kernel.how), source_(kernel.how.src_desc(), home), target_(kernel.how.dst_desc(), home),
        weights_(kernel.how.weights_desc(), home), scratch_(kernel.how.scratchpad_desc(), home) {
    reorder(pictures, source_, stream);
    reorder(weights, weights_, stream);
    arguments_ = {{DNNL_ARG_SRC, source_.memory()},
                  {DNNL_ARG_WEIGHTS, weights_.memory()},
                  {DNNL_ARG_DST, target_.memory()},
                  {DNNL_ARG_SCRATCHPAD, scratch_.memory()}};
    if (kernel.how.bias_desc().get_size() > 0) {
      bias_.emplace(kernel.how.bias_desc(), home);
      fill(bias_->floats());
      arguments_.emplace(DNNL_ARG_BIAS, bias_->memory());
    }
  }

  double run(const dnnl::stream& stream) const {
    const auto start = clock::now();
    convolve_.execute(stream, arguments_);
    return std::chrono::duration<double>(clock::now() - start).count();
  }
  std::span<const float> source() const { return source_.floats(); }
  const piece& target() const { return target_; }

private:
  dnnl::convolution_forward convolve_;
  piece source_;
  piece target_;
  piece weights_;
  piece scratch_;
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
      one.emplace(kernels[i], pictures, weights, home, stream);
      one->run(stream); // into zeros, as the first
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
