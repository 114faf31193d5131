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

layout layout_of(const extents& shape, std::size_t which) {
  return {shape, dnnl::memory::data_type::f32, picture_tags()[which]};
}

struct timed {
  std::string kernel;
  double seconds = std::numeric_limits<double>::infinity();
};

/// What is kept of a search: for each layout of pictures the best kernel, and the best that does not transform.
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
  std::uint32_t times = 1; ///< it is done so often: a picture at a time

  kernel_choice choice(const timed& chosen, const timed& direct) const {
    const auto& kernel = *find(kernels, chosen.kernel);
    return {kernel, {0, times}, kernel.how.weights_desc(), times * chosen.seconds, times * direct.seconds};
  }
};

class search {
public:
  search(const metadata::model& model, const metadata::symbol_values& symbols, const std::vector<bool>& must_be_plain,
         const cpu_weights& weights, const std::shared_ptr<domain_memory>& home, const kernel_seeker& seeker)
      : model_(model), symbols_(symbols), must_be_plain_(must_be_plain), weights_(weights), home_(home),
        seeker_(seeker) {}

  kernel_choices_made run() {
    kernel_choices_made made{std::vector<std::optional<kernel_choice>>(model_.layers().size()), std::nullopt};
    std::vector<searched> all;
    std::vector<searched> ones; // the same with one picture
    std::array<double, layouts> total{};
    try {
      for (std::uint32_t i = 0; i < made.by_layer.size(); ++i)
        if (const auto* a = std::get_if<metadata::conv_layer>(&model_.layers()[i].attributes))
          if (const convolution c(layer_view(model_, symbols_, i), *a); c.fixed_weights) {
            ones.push_back(look_up(i, c.of_batch(1), nullptr));
            for (std::size_t l = 0; l < layouts; ++l)
              total[l] += ones.back().found.in[l].best.seconds;
            all.push_back(c.source[0] == 1 ? ones.back() : look_up(i, c, &ones.back()));
          }
      const auto pictures = static_cast<std::size_t>(std::min_element(total.begin(), total.end()) - total.begin());
      for (std::size_t i = 0; i < all.size(); ++i) {
        auto& s = all[i];
        if (in_single_pictures(s, ones[i], pictures))
          s = ones[i];
        const auto& [best, direct] = s.found.in[pictures];
        made.by_layer[s.layer] = s.choice(best, direct);
      }
      give_up_what_does_not_fit(made.by_layer, all, pictures);
      for (const auto& s : all)
        cut_channels(s.layer, *made.by_layer[s.layer], pictures);
      if (!all.empty())
        made.pictures = picture_tags()[pictures];
      return made;
    } catch (const failure& f) {
      if (f.why().code != errc::out_of_memory)
        throw;
      return {std::vector<std::optional<kernel_choice>>(model_.layers().size()), std::nullopt}; // no room for a trial
    }
  }

private:
  std::int64_t batch_of(std::uint32_t layer) const { return layer_view(model_, symbols_, layer).input_shape(conv_x)[0]; }

  /// Whether a batch is too long, and takes hardly longer a picture at a time.
  bool in_single_pictures(const searched& all, searched& one, std::size_t pictures) const {
    const auto batch = batch_of(all.layer);
    const auto seconds = all.found.in[pictures].best.seconds;
    one.times = static_cast<std::uint32_t>(batch);
    return batch > 1 && is_too_long(seeker_.cuts, seconds)
           && one.found.in[pictures].best.seconds * static_cast<double>(batch) <= seeker_.cuts.most_cost * seconds;
  }

  /// Cuts the channels of one picture, if that takes hardly longer and needs no other weights.
  void cut_channels(std::uint32_t layer, kernel_choice& choice, std::size_t pictures) {
    const layer_view view(model_, symbols_, layer);
    const convolution c(view, std::get<metadata::conv_layer>(view.what().attributes));
    if (c.source[0] > 1 || c.a.groups > 1 || is_winograd(choice.kernel))
      return;
    const auto possible = [&](std::uint32_t n) { return c.channels % (defaults::channels_in_block * n) == 0; };
    for (auto n = parts_for(seeker_.cuts, choice.seconds, possible); n > 1; n /= 2)
      if (possible(n)) {
        const auto one = look_up(layer, c.of_channels(c.channels / n), nullptr);
        const auto& [best, direct] = one.found.in[pictures];
        const auto& kernel = *find(one.kernels, best.kernel);
        if (n * best.seconds <= seeker_.cuts.most_cost * choice.seconds
            && same_layout(piece_of(choice.weights, 0, n).how, kernel.how.weights_desc())) {
          choice = {kernel, {1, n}, choice.weights, n * best.seconds, n * direct.seconds};
          return;
        }
      }
  }

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
    std::vector<timed> times;
    finding f;
    for (std::size_t l = 0; l < layouts; ++l) {
      times.clear();
      for (std::size_t i = 0; i < kernels.size(); ++i) {
        const auto& d = kernels[i].how;
        times.push_back({kernels[i].name, results[i].error > defaults::kernel_error
                                              ? std::numeric_limits<double>::infinity()
                                              : results[i].seconds});
        if (times[i].seconds < std::numeric_limits<double>::infinity())
          times[i].seconds += reordering(plain ? plain_layout(c.source) : layout_of(c.source, l), d.src_desc())
                              + reordering(d.dst_desc(), layout_of(c.target, l));
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
      direct = fastest(one ? &one->found.in[l].direct : nullptr, [](const auto& k) { return !is_winograd(k); });
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

  void give_up_what_does_not_fit(std::vector<std::optional<kernel_choice>>& choices, const std::vector<searched>& all,
                                 std::size_t pictures) const {
    struct copy {
      const searched* of;
      std::size_t extra;
      double gain_per_byte;
    };
    const auto give_up = [&](const searched& s) {
      const auto& direct = s.found.in[pictures].direct;
      choices[s.layer] = s.choice(direct, direct);
    };
    const auto limit = weights_.room_under_limit();
    std::size_t scratch = 0; // one arena for all layers
    std::vector<copy> copies;
    for (const auto& s : all) {
      const auto own = choices[s.layer]->kernel.how.scratchpad_desc().get_size();
      if (own > limit)
        give_up(s);
      else
        scratch = std::max(scratch, own);
      const auto& choice = *choices[s.layer];
      const layer_view view(model_, symbols_, s.layer);
      const auto extra = weights_.extra(s.layer, weight_role::matrix, choice.weights,
                                        view.plain_bytes(view.input_value(conv_w)));
      if (extra > 0)
        copies.push_back({&s, extra, (choice.direct_seconds - choice.seconds) / static_cast<double>(extra)});
    }
    std::stable_sort(copies.begin(), copies.end(),
                     [](const auto& a, const auto& b) { return a.gain_per_byte > b.gain_per_byte; });
    auto room = std::min(weights_.share_of_extra(), limit - scratch);
    for (const auto& c : copies)
      if (c.extra <= room)
        room -= c.extra;
      else
        give_up(*c.of);
  }

  struct known_reorder {
    layout from;
    layout to;
    double seconds;
  };

  const metadata::model& model_;
  const metadata::symbol_values& symbols_;
  const std::vector<bool>& must_be_plain_;
  const cpu_weights& weights_;
  const std::shared_ptr<domain_memory>& home_;
  const kernel_seeker& seeker_;
  std::vector<known_reorder> reorders_;
};

} // namespace

kernel_choices_made choose_kernels(const metadata::model& model, const metadata::symbol_values& symbols,
                                   const std::vector<bool>& must_be_plain, const cpu_weights& weights,
                                   const std::shared_ptr<domain_memory>& home, const kernel_seeker& seeker) {
  return search(model, symbols, must_be_plain, weights, home, seeker).run();
}

} // namespace baton::gpu::cpu
