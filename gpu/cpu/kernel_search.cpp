#include "gpu/cpu/kernel_search.hpp"

#include <algorithm>
#include <array>
#include <limits>
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

constexpr auto layouts = std::tuple_size_v<decltype(picture_tags())>;

layout layout_of(const extents& shape, number type, std::size_t which) {
  return {shape, type, picture_tags()[which]};
}

struct timed {
  std::string kernel;
  double seconds = std::numeric_limits<double>::infinity();
};

/// What is kept of a search: for each layout of pictures the best kernel, and the best that wants no larger weights.
struct finding {
  struct in_layout {
    timed best;
    timed direct;
  };
  std::array<in_layout, layouts> in;
};

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

/// A convolution and what is known of its kernels.
struct searched {
  std::uint32_t layer;
  std::vector<conv_kernel> kernels;
  finding found;
};

class search {
public:
  search(const metadata::model& model, const metadata::symbol_values& symbols, const std::vector<bool>& must_be_plain,
         const plan_numbers& numbers, const cpu_weights& weights, const std::shared_ptr<domain_memory>& home,
         const kernel_seeker& seeker)
      : model_(model), symbols_(symbols), must_be_plain_(must_be_plain), numbers_(numbers), weights_(weights),
        home_(home), seeker_(seeker) {}

  kernel_choices_made run() {
    kernel_choices_made made{std::vector<std::optional<kernel_choice>>(model_.layers().size()), std::nullopt};
    std::vector<searched> all;
    std::vector<searched> ones;
    std::array<double, layouts> total{};
    try {
      for (std::uint32_t i = 0; i < made.by_layer.size(); ++i)
        if (const auto* a = std::get_if<metadata::conv_layer>(&model_.layers()[i].attributes))
          if (const convolution c(layer_view(model_, symbols_, i), *a, numbers_); c.fixed_weights) {
            const auto one = look_up(i, c.of_batch(1), nullptr);
            for (std::size_t l = 0; l < layouts; ++l)
              total[l] += one.found.in[l].best.seconds;
            all.push_back(c.source[0] == 1 ? one : look_up(i, c, &one));
            ones.push_back(one);
          }
    } catch (const failure& f) {
      if (f.why().code != errc::out_of_memory)
        throw;
      return made; // no room to try any in
    }
    const auto pictures = static_cast<std::size_t>(std::min_element(total.begin(), total.end()) - total.begin());
    for (const auto& s : all) {
      const auto& [best, direct] = s.found.in[pictures];
      made.by_layer[s.layer] = kernel_choice{*find(s.kernels, best.kernel), best.seconds, direct.seconds};
    }
    if (numbers_.factors == number::bf16)
      keep_weights_narrow(made.by_layer, all, ones, pictures);
    give_up_what_does_not_fit(made.by_layer, all, pictures);
    if (!all.empty())
      made.pictures = picture_tags()[pictures];
    return made;
  }

private:
  /// `one`: the same layer at a batch of one, if `c` is of another.
  searched look_up(std::uint32_t index, const convolution& c, const searched* one) {
    const layer_view layer(model_, symbols_, index);
    searched s{index, {direct_kernel(c)}, {}};
    for (auto& other : other_kernels(c, s.kernels.front(), seeker_.exact))
      s.kernels.push_back(std::move(other));
    if (one)
      add_those_of(*one, c, s.kernels);
    const auto from = layer.root(layer.input_value(conv_x));
    const bool plain = must_be_plain_[from] || model_.values()[from].origin == metadata::value_origin::input;
    const metadata::kernel_problem problem{seeker_.device, library(),
                                           c.text() + (plain ? " plain" : "") + (seeker_.exact ? " exact" : "")};
    const auto known = seeker_.choices->find(problem);
    auto found = known ? read(*known, s.kernels) : std::nullopt;
    if (!found) {
      const auto measured = measure(layer, c, s.kernels, plain, one);
      if (known)
        seeker_.choices->replace(problem, text_of(measured));
      else
        found = read(seeker_.choices->keep(problem, text_of(measured)), s.kernels);
      if (!found)
        found = measured;
    }
    s.found = *found;
    return s;
  }

  /// What a batch of one may have chosen, for this batch with the weights in the same place.
  static void add_those_of(const searched& one, const convolution& c, std::vector<conv_kernel>& kernels) {
    for (const auto& l : one.found.in)
      for (const auto* t : {&l.best, &l.direct}) {
        const auto& of_one = *find(one.kernels, t->kernel);
        const auto name = "as_one/" + of_one.name;
        if (!find(kernels, name))
          if (auto same = with_weights_of(of_one, c))
            kernels.push_back({name, *same});
      }
  }

  finding measure(const layer_view& layer, const convolution& c, const std::vector<conv_kernel>& kernels, bool plain,
                  const searched* one) {
    const auto results = try_kernels(layer, c, kernels, model_.weight_bytes(), home_);
    const auto most = numbers_.factors == number::f32 ? defaults::kernel_error : defaults::bf16_kernel_error;
    std::vector<timed> times;
    finding f;
    for (std::size_t l = 0; l < layouts; ++l) {
      times.clear();
      for (std::size_t i = 0; i < kernels.size(); ++i) {
        const auto& d = kernels[i].how;
        times.push_back(
            {kernels[i].name, results[i].error > most ? std::numeric_limits<double>::infinity() : results[i].seconds});
        const auto target = layout_of(c.target, c.result, l);
        const auto widens = c.has_residual && d.dst_desc().data_type() != c.result; // the residual too
        if (times[i].seconds < std::numeric_limits<double>::infinity())
          times[i].seconds +=
              reordering(plain ? plain_layout(c.source) : layout_of(c.source, c.factors, l), d.src_desc())
              + reordering(d.dst_desc(), target) + (widens ? reordering(target, d.dst_desc()) : 0);
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
        const auto like_it = kernel ? least([&](const conv_kernel& k) {
          return allowed(k) && k.how.weights_desc() == kernel->how.weights_desc();
        })
                                    : timed{};
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

  double reordering(const layout& from, const layout& to) {
    if (same_layout(from, to))
      return 0;
    for (const auto& known : reorders_)
      if (known.from == from && known.to == to)
        return known.seconds;
    reorders_.push_back({from, to, time_reorder(from, to, home_)});
    return reorders_.back().seconds;
  }

  void give_up(std::vector<std::optional<kernel_choice>>& choices, const searched& s, std::size_t pictures) const {
    const auto& direct = s.found.in[pictures].direct;
    choices[s.layer] = kernel_choice{*find(s.kernels, direct.kernel), direct.seconds, direct.seconds};
  }

  /// The share of a plan in bfloat16 is small: it binds. What is given up must not depend on which plans are there, so
  /// a batch of one decides, and others have larger weights only where it has the same.
  void keep_weights_narrow(std::vector<std::optional<kernel_choice>>& choices, const std::vector<searched>& all,
                           const std::vector<searched>& ones, std::size_t pictures) const {
    struct growth {
      std::size_t index;
      std::size_t extra;
      double gain_per_byte;
    };
    const auto size_of_weights = [](const conv_kernel& k) { return k.how.weights_desc().get_size(); };
    std::vector<growth> wanted;
    std::vector<bool> grows(ones.size(), false);
    for (std::size_t i = 0; i < ones.size(); ++i) {
      const auto& [best, direct] = ones[i].found.in[pictures];
      const auto large = size_of_weights(*find(ones[i].kernels, best.kernel));
      const auto narrow = size_of_weights(*find(ones[i].kernels, direct.kernel));
      if (large > narrow)
        wanted.push_back({i, large - narrow, (direct.seconds - best.seconds) / static_cast<double>(large - narrow)});
      else
        grows[i] = true; // for nothing
    }
    std::stable_sort(wanted.begin(), wanted.end(),
                     [](const auto& a, const auto& b) { return a.gain_per_byte > b.gain_per_byte; });
    auto room = static_cast<std::size_t>((defaults::bf16_weights_growth - 1)
                                         * static_cast<double>(weights_.own_bytes(numbers_.factors)));
    for (const auto& w : wanted)
      if (w.extra <= room) {
        room -= w.extra;
        grows[w.index] = true;
      }
    for (std::size_t i = 0; i < all.size(); ++i) {
      const auto& of_one = *find(ones[i].kernels, ones[i].found.in[pictures].best.kernel);
      const auto& chosen = all[i].found.in[pictures];
      if (chosen.best.kernel != chosen.direct.kernel
          && !(grows[i] && choices[all[i].layer]->kernel.how.weights_desc() == of_one.how.weights_desc()))
        give_up(choices, all[i], pictures);
    }
  }

  void give_up_what_does_not_fit(std::vector<std::optional<kernel_choice>>& choices, const std::vector<searched>& all,
                                 std::size_t pictures) const {
    struct copy {
      const searched* of;
      std::size_t extra;
      double gain_per_byte;
    };
    const auto limit = weights_.room_under_limit(numbers_.factors);
    std::size_t scratch = 0; // one arena for all layers
    std::vector<copy> copies;
    for (const auto& s : all) {
      const auto own = choices[s.layer]->kernel.how.scratchpad_desc().get_size();
      if (own > limit)
        give_up(choices, s, pictures);
      else
        scratch = std::max(scratch, own);
      const auto& choice = *choices[s.layer];
      const layer_view view(model_, symbols_, s.layer);
      const auto extra =
          weights_.extra(s.layer, weight_role::matrix, choice.kernel.how.weights_desc(),
                         view.plain_bytes(view.input_value(conv_w)) * size_of(numbers_.factors) / sizeof(float));
      if (extra > 0)
        copies.push_back({&s, extra, (choice.direct_seconds - choice.seconds) / static_cast<double>(extra)});
    }
    std::stable_sort(copies.begin(), copies.end(),
                     [](const auto& a, const auto& b) { return a.gain_per_byte > b.gain_per_byte; });
    const auto share = numbers_.factors == number::f32 ? weights_.share_of_extra() : SIZE_MAX; // else it is kept to
    auto room = std::min(share, limit - scratch);
    for (const auto& c : copies)
      if (c.extra <= room)
        room -= c.extra;
      else
        give_up(choices, *c.of, pictures);
  }

  struct known_reorder {
    layout from;
    layout to;
    double seconds;
  };

  const metadata::model& model_;
  const metadata::symbol_values& symbols_;
  const std::vector<bool>& must_be_plain_;
  const plan_numbers& numbers_;
  const cpu_weights& weights_;
  const std::shared_ptr<domain_memory>& home_;
  const kernel_seeker& seeker_;
  std::vector<known_reorder> reorders_;
};

} // namespace

kernel_choices_made choose_kernels(const metadata::model& model, const metadata::symbol_values& symbols,
                                   const std::vector<bool>& must_be_plain, const plan_numbers& numbers,
                                   const cpu_weights& weights, const std::shared_ptr<domain_memory>& home,
                                   const kernel_seeker& seeker) {
  return search(model, symbols, must_be_plain, numbers, weights, home, seeker).run();
}

} // namespace baton::gpu::cpu
