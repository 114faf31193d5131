#include "gpu/cpu/kernel_trial.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <list>
#include <memory>
#include <optional>

#include "gpu/cpu/conv_step.hpp"
#include "gpu/defaults.hpp"
#include "gpu/failure.hpp"

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
  place at() const { return {.in = place::space::constant, .constant = bytes_.data()}; }
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
      most = std::max(most, k.scratch_bytes);
    scratch_ = home_->allocate(purpose::scratch, most, "a trial of kernels");
  }

  /// The source's pictures in that layout.
  const piece& source(const layout& how, const piece& plain, const dnnl::stream& stream) {
    return of(sources_, how, [&](const piece& made) { reorder(plain, made, stream); });
  }
  const piece& target(const layout& how) {
    return of(targets_, how, [](const piece&) {});
  }
  /// The real ones, as the kernel wants them.
  const piece& weights(const layer_view& layer, const convolution& c, const conv_kernel& kernel,
                       const dnnl::stream& stream) {
    return of(weights_, kernel.weights, [&](const piece& made) {
      const auto written = written_weights(kernel, c);
      if (written == kernel.weights)
        return write_weights(layer, c, kernel, made.floats());
      const piece plain(written, home_);
      write_weights(layer, c, kernel, plain.floats());
      reorder(plain, made, stream);
    });
  }
  place scratch() const { return {.in = place::space::constant, .constant = scratch_.data()}; }
  const std::shared_ptr<domain_memory>& home() const { return home_; }

private:
  template <class Fill>
  const piece& of(std::list<piece>& pieces, const layout& how, Fill fill) {
    const auto found = std::find_if(pieces.begin(), pieces.end(), [&](const auto& p) { return p.how() == how; });
    if (found != pieces.end())
      return *found;
    pieces.emplace_back(how, home_);
    try {
      fill(pieces.back());
    } catch (...) {
      pieces.pop_back();
      throw;
    }
    return pieces.back();
  }

  std::shared_ptr<domain_memory> home_;
  std::list<piece> sources_;
  std::list<piece> targets_;
  std::list<piece> weights_;
  buffer scratch_;
};

/// One kernel, ready to run.
class candidate {
public:
  candidate(const layer_view& of, const convolution& c, const conv_kernel& kernel, const piece& pictures,
            workbench& bench, const dnnl::stream& stream)
      : source_(&bench.source(kernel.source, pictures, stream)), target_(&bench.target(kernel.target)),
        stream_(&stream) {
    conv_places at{source_->at(), bench.weights(of, c, kernel, stream).at(), std::nullopt, target_->at(),
                   bench.scratch()};
    if (c.has_bias) {
      bias_.emplace(plain_layout({c.channels}), bench.home());
      fill(bias_->floats());
      at.bias = bias_->at();
    }
    step_ = make_step(kernel, at, 0);
    if (const auto* primitive = dynamic_cast<const primitive_step*>(step_.get()))
      bound_ = primitive->bind();
  }

  double run() {
    run_context context;
    context.stream = stream_;
    context.bound = {&bound_, 1};
    const auto start = clock::now();
    step_->run(context);
    return std::chrono::duration<double>(clock::now() - start).count();
  }
  std::span<const float> source() const { return source_->floats(); }
  const piece& target() const { return *target_; }

private:
  const piece* source_;
  const piece* target_;
  std::optional<piece> bias_;
  const dnnl::stream* stream_;
  std::unique_ptr<step> step_;
  bound_arguments bound_;
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
  other_layers between(std::min(model_bytes, defaults::trial_bytes_between), home);
  std::vector<std::optional<candidate>> candidates;
  std::vector<trial_result> results(kernels.size());
  {
    piece pictures(plain_layout(c.source), home);
    fill(pictures.floats());
    piece reference(plain_layout(c.target), home);
    piece result(plain_layout(c.target), home);
    auto least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      auto& one = candidates.emplace_back();
      try {
        one.emplace(of, c, kernels[i], pictures, bench, stream);
      } catch (const failure& f) {
        if (i == 0 || f.why().code != errc::out_of_memory)
          throw;
        results[i].had_memory = false;
        continue;
      }
      std::fill(one->target().floats().begin(), one->target().floats().end(), 0.0F); // a sum adds to what is there
      one->run();
      const auto& seen = i == 0 ? reference : result;
      reorder(one->target(), seen, stream);
      results[i].error = relative_error(seen.floats(), reference.floats());
      const auto seconds = one->run();
      least = std::min(least, seconds);
      if (i > 0 && seconds > defaults::trial_hopeless * least)
        one.reset();
    }
  }
  for (auto& r : results)
    r.seconds = std::numeric_limits<double>::infinity();
  // In turn, so that a disturbance of the machine does not hit one kernel alone.
  double spent = 0;
  for (int round = 0; round < defaults::trial_rounds && (round < 2 || spent < defaults::trial_seconds); ++round)
    for (std::size_t i = 0; i < candidates.size(); ++i)
      if (candidates[i]) {
        between.run(candidates[i]->source());
        const auto seconds = candidates[i]->run();
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
