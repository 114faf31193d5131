#include "gpu/cpu/kernel_findings.hpp"

#include <algorithm>
#include <limits>
#include <sstream>

#include "gpu/cpu/kernel_trial.hpp"
#include "gpu/defaults.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu::cpu {
namespace {

std::string library() {
  const auto* v = dnnl_version();
  return "onednn " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch)
         + " and own " + std::to_string(own_kernels_version);
}

/// As "16b16a".
std::string text_of_blocks(const layout& of) {
  const auto& blocking = of.data.format_desc.blocking;
  std::string text;
  for (int i = 0; i < blocking.inner_nblks; ++i)
    text += std::to_string(blocking.inner_blks[i]) + static_cast<char>('a' + blocking.inner_idxs[i]);
  return text;
}

layout layout_of(const extents& shape, number type, std::size_t which) {
  return {shape, type, picture_tags()[which]};
}

std::string text_of(const finding& f) {
  std::ostringstream text;
  for (const auto& l : f.in)
    for (const auto* t : {&l.best, &l.direct})
      text << (t == &f.in[0].best ? "" : " ") << t->kernel << ' ' << static_cast<long long>(t->seconds * 1e9);
  return text.str();
}

const conv_kernel* find(const std::vector<conv_kernel>& kernels, const std::string& name) {
  auto found = std::find_if(kernels.begin(), kernels.end(), [&](const auto& k) { return k.name == name; });
  return found == kernels.end() ? nullptr : &*found;
}

/// Nothing if it is none, or names a kernel that is not there.
std::optional<finding> read(const std::string& text, const std::vector<conv_kernel>& kernels) {
  finding f;
  std::istringstream words(text);
  for (auto& l : f.in)
    for (auto* t : {&l.best, &l.direct}) {
      long long ns = 0;
      if (!(words >> t->kernel >> ns) || ns <= 0 || !find(kernels, t->kernel))
        return std::nullopt;
      t->seconds = static_cast<double>(ns) * 1e-9;
    }
  return f;
}

/// What a batch of one may have chosen, for this batch with the weights in the same place.
void add_those_of(const searched& one, const convolution& c, std::vector<conv_kernel>& kernels) {
  for (const auto& l : one.found.in)
    for (const auto* t : {&l.best, &l.direct}) {
      const auto& of_one = *find(one.kernels, t->kernel);
      if (is_winograd(of_one))
        continue;
      for (auto& same : kernels_for(c, of_one.weights)) {
        same.name = "as_one/" + of_one.name + "/" + same.name;
        if (!find(kernels, same.name))
          kernels.push_back(std::move(same));
      }
    }
}

} // namespace

const conv_kernel& searched::kernel(const timed& t) const {
  return *find(kernels, t.kernel);
}

kernel_choice searched::choice(const timed& chosen, const timed& direct) const {
  const auto& k = kernel(chosen);
  return {k, {0, times}, k.weights, times * chosen.seconds, times * direct.seconds};
}

searched kernel_findings::look_up(std::uint32_t index, const convolution& c, const searched* one) {
  std::vector<conv_kernel> kernels{direct_kernel(c)};
  for (auto& other : other_kernels(c, kernels.front(), seeker_.exact, seeker_.cores))
    kernels.push_back(std::move(other));
  if (one)
    add_those_of(*one, c, kernels);
  return look_up(index, c, std::move(kernels), one, seeker_.exact ? " exact" : "");
}

std::optional<searched> kernel_findings::look_up_piece(std::uint32_t index, const convolution& c,
                                                       const layout& weights) {
  auto kernels = kernels_for(c, weights);
  if (kernels.empty() || weights.data_type() != c.factors)
    return std::nullopt;
  return look_up(index, c, std::move(kernels), nullptr, " of " + text_of_blocks(weights));
}

searched kernel_findings::look_up(std::uint32_t index, const convolution& c, std::vector<conv_kernel> kernels,
                                  const searched* one, const std::string& what) {
  const layer_view layer(model_, symbols_, index);
  searched s{.layer = index, .kernels = std::move(kernels), .found = {}};
  const auto from = layer.root(layer.input_value(conv_x));
  const bool plain = must_be_plain_[from] || model_.values()[from].origin == metadata::value_origin::input;
  const metadata::kernel_problem problem{seeker_.device, library(), c.text() + (plain ? " plain" : "") + what};
  const auto known = seeker_.choices->find(problem);
  auto found = known ? read(*known, s.kernels) : std::nullopt;
  if (!found) {
    const auto measured = measure(layer, c, s.kernels, plain, one);
    if (!measured.of_all) // there may be more memory another time
      found = measured;
    else if (known)
      seeker_.choices->replace(problem, text_of(measured));
    else
      found = read(seeker_.choices->keep(problem, text_of(measured)), s.kernels);
    if (!found)
      found = measured;
  }
  s.found = *found;
  return s;
}

finding kernel_findings::measure(const layer_view& layer, const convolution& c, const std::vector<conv_kernel>& kernels,
                                 bool plain, const searched* one) {
  const auto results = try_kernels(layer, c, kernels, model_.weight_bytes(), home_);
  const auto most = numbers_.factors == number::f32 ? defaults::kernel_error : defaults::bf16_kernel_error;
  std::vector<timed> times;
  finding f;
  f.of_all = std::all_of(results.begin(), results.end(), [](const trial_result& r) { return r.had_memory; });
  for (std::size_t l = 0; l < picture_layouts; ++l) {
    times.clear();
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      const bool good = i == 0 || results[i].error <= most; // NaN is not
      times.push_back({kernels[i].name, good ? results[i].seconds : std::numeric_limits<double>::infinity()});
      const auto target = layout_of(c.target, c.result, l);
      const auto widens = c.has_residual && kernels[i].target.data_type() != c.result; // the residual too
      if (times[i].seconds < std::numeric_limits<double>::infinity())
        times[i].seconds +=
            reordering(plain ? plain_layout(c.source) : layout_of(c.source, c.factors, l), kernels[i].source)
            + reordering(kernels[i].target, target) + (widens ? reordering(target, kernels[i].target) : 0);
    }
    const auto least = [&](const auto& allowed) {
      timed result;
      for (std::size_t i = 0; i < kernels.size(); ++i)
        if (times[i].seconds < result.seconds && allowed(kernels[i]))
          result = times[i];
      return result;
    };
    // With the weights where a batch of one has them, if there is such a kernel.
    const auto fastest = [&](const timed* of_one, const auto& allowed) {
      const auto* kernel = of_one ? find(one->kernels, of_one->kernel) : nullptr;
      const auto like_it =
          kernel ? least([&](const conv_kernel& k) { return allowed(k) && k.weights == kernel->weights; }) : timed{};
      return like_it.kernel.empty() ? least(allowed) : like_it;
    };
    auto& [best, direct] = f.in[l];
    direct =
        fastest(one ? &one->found.in[l].direct : nullptr, [&](const auto& k) { return !wants_larger_weights(k, c); });
    best = fastest(one ? &one->found.in[l].best : nullptr, [](const auto&) { return true; });
    if (best.seconds > defaults::kernel_gain * direct.seconds)
      best = direct;
  }
  return f;
}

double kernel_findings::reordering(const layout& from, const layout& to) {
  if (same_layout(from, to))
    return 0;
  for (const auto& known : reorders_)
    if (known.from == from && known.to == to)
      return known.seconds;
  reorders_.push_back({from, to, time_reorder(from, to, home_)});
  return reorders_.back().seconds;
}

} // namespace baton::gpu::cpu
