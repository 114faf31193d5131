#include "gpu/cpu/kernel_search.hpp"

#include <algorithm>
#include <sstream>

#include "gpu/cpu/kernel_trial.hpp"
#include "gpu/defaults.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu::cpu {
namespace {

std::string library() {
  const auto* v = dnnl_version();
  return "onednn " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

/// What is kept of a search: the kernel's name and both times in nanoseconds.
struct finding {
  std::string kernel;
  double seconds = 0;
  double direct_seconds = 0;
};

std::string text_of(const finding& f) {
  auto ns = [](double seconds) { return std::to_string(static_cast<long long>(seconds * 1e9)); };
  return f.kernel + " " + ns(f.seconds) + " " + ns(f.direct_seconds);
}

/// Nothing if it is none, or names a kernel that is not there.
std::optional<finding> read(const std::string& text, const std::vector<conv_kernel>& kernels) {
  finding f;
  long long ns = 0;
  long long direct_ns = 0;
  std::istringstream words(text);
  if (!(words >> f.kernel >> ns >> direct_ns) || ns <= 0 || direct_ns <= 0
      || std::none_of(kernels.begin(), kernels.end(), [&](const auto& k) { return k.name == f.kernel; }))
    return std::nullopt;
  f.seconds = static_cast<double>(ns) * 1e-9;
  f.direct_seconds = static_cast<double>(direct_ns) * 1e-9;
  return f;
}

class search {
public:
  search(const metadata::model& model, const metadata::symbol_values& symbols, const std::vector<bool>& must_be_plain,
         const cpu_weights& weights, const std::shared_ptr<domain_memory>& home, const kernel_seeker& seeker)
      : model_(model), symbols_(symbols), must_be_plain_(must_be_plain), weights_(weights), home_(home),
        seeker_(seeker) {}

  std::vector<std::optional<kernel_choice>> run() {
    std::vector<std::optional<kernel_choice>> result(model_.layers().size());
    for (std::uint32_t i = 0; i < result.size(); ++i)
      if (const auto* a = std::get_if<metadata::conv_layer>(&model_.layers()[i].attributes))
        result[i] = choose(layer_view(model_, symbols_, i), *a);
    give_up_what_does_not_fit(result);
    return result;
  }

private:
  std::optional<kernel_choice> choose(const layer_view& layer, const metadata::conv_layer& a) {
    const convolution c(layer, a);
    if (!c.fixed_weights)
      return std::nullopt;
    std::vector<conv_kernel> kernels{direct_kernel(c)};
    for (auto& other : other_kernels(c, kernels.front()))
      kernels.push_back(std::move(other));
    if (kernels.size() == 1)
      return std::nullopt;
    const auto from = layer.root(layer.input_value(conv_x));
    const bool plain = must_be_plain_[from] || model_.values()[from].origin == metadata::value_origin::input;
    const auto found = look_up(layer, c, kernels, plain);
    const auto chosen =
        std::find_if(kernels.begin(), kernels.end(), [&](const auto& k) { return k.name == found.kernel; });
    if (chosen == kernels.begin())
      return std::nullopt;
    return kernel_choice{*chosen, found.seconds, found.direct_seconds};
  }

  finding look_up(const layer_view& layer, const convolution& c, const std::vector<conv_kernel>& kernels, bool plain) {
    const metadata::kernel_problem problem{seeker_.device, library(), c.text() + (plain ? " plain" : "")};
    const auto known = seeker_.choices->find(problem);
    if (known)
      if (auto f = read(*known, kernels))
        return *f;
    finding measured;
    try {
      measured = measure(layer, c, kernels, plain);
    } catch (const failure& f) {
      if (f.why().code != errc::out_of_memory)
        throw;
      return {kernels.front().name}; // there is no room to try others in
    }
    if (known) {
      seeker_.choices->replace(problem, text_of(measured));
      return measured;
    }
    return read(seeker_.choices->keep(problem, text_of(measured)), kernels).value_or(measured);
  }

  finding measure(const layer_view& layer, const convolution& c, const std::vector<conv_kernel>& kernels, bool plain) {
    const auto results = try_kernels(layer, c, kernels, plain, model_.weight_bytes(), home_);
    const auto direct = results.front().seconds;
    std::size_t best = 0;
    for (std::size_t i = 1; i < results.size(); ++i)
      if (results[i].error <= defaults::kernel_error && results[i].seconds < results[best].seconds
          && results[i].seconds < defaults::kernel_gain * direct)
        best = i;
    return {kernels[best].name, results[best].seconds, direct};
  }

  std::size_t extra_of(std::uint32_t layer, const conv_kernel& kernel) const {
    const layer_view view(model_, symbols_, layer);
    return weights_.extra(layer, weight_role::matrix, kernel.how.weights_desc(),
                          view.plain_bytes(view.input_value(conv_w)));
  }

  /// Those that gain least per byte go first.
  void give_up_what_does_not_fit(std::vector<std::optional<kernel_choice>>& choices) const {
    struct copy {
      std::uint32_t layer;
      std::size_t extra;
      double gain_per_byte;
    };
    std::vector<copy> copies;
    for (std::uint32_t i = 0; i < choices.size(); ++i)
      if (choices[i])
        if (const auto extra = extra_of(i, choices[i]->kernel))
          copies.push_back(
              {i, extra, (choices[i]->direct_seconds - choices[i]->seconds) / static_cast<double>(extra)});
    std::stable_sort(copies.begin(), copies.end(),
                     [](const auto& a, const auto& b) { return a.gain_per_byte > b.gain_per_byte; });
    auto room = weights_.room_for_extra();
    for (const auto& c : copies)
      if (c.extra <= room)
        room -= c.extra;
      else
        choices[c.layer].reset();
  }

  const metadata::model& model_;
  const metadata::symbol_values& symbols_;
  const std::vector<bool>& must_be_plain_;
  const cpu_weights& weights_;
  const std::shared_ptr<domain_memory>& home_;
  const kernel_seeker& seeker_;
};

} // namespace

std::vector<std::optional<kernel_choice>> choose_kernels(const metadata::model& model,
                                                         const metadata::symbol_values& symbols,
                                                         const std::vector<bool>& must_be_plain,
                                                         const cpu_weights& weights,
                                                         const std::shared_ptr<domain_memory>& home,
                                                         const kernel_seeker& seeker) {
  if (seeker.exact || !seeker.choices)
    return std::vector<std::optional<kernel_choice>>(model.layers().size());
  return search(model, symbols, must_be_plain, weights, home, seeker).run();
}

} // namespace baton::gpu::cpu
