#include "gpu/cpu/kernel_search.hpp"

#include <algorithm>
#include <array>

#include "gpu/cpu/kernel_findings.hpp"
#include "gpu/defaults.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu::cpu {
namespace {

class search {
public:
  search(const metadata::model& model, const metadata::symbol_values& symbols, const std::vector<bool>& must_be_plain,
         const plan_numbers& numbers, const cpu_weights& weights, const std::shared_ptr<domain_memory>& home,
         const kernel_seeker& seeker)
      : model_(model), symbols_(symbols), numbers_(numbers), weights_(weights), seeker_(seeker),
        known_(model, symbols, must_be_plain, numbers, home, seeker) {}

  kernel_choices_made run() {
    kernel_choices_made made{std::vector<std::optional<kernel_choice>>(model_.layers().size()), std::nullopt};
    try {
      choose(made);
    } catch (const failure& f) {
      if (f.why().code != errc::out_of_memory)
        throw;
      made.by_layer.assign(model_.layers().size(), std::nullopt); // no room to try any in
    }
    return made;
  }

private:
  void choose(kernel_choices_made& made) {
    std::vector<searched> all;
    std::vector<searched> ones; // the same with one picture
    std::array<double, picture_layouts> total{};
    for (std::uint32_t i = 0; i < made.by_layer.size(); ++i)
      if (const auto* a = std::get_if<metadata::conv_layer>(&model_.layers()[i].attributes))
        if (const convolution c(layer_view(model_, symbols_, i), *a, numbers_); c.fixed_weights) {
          ones.push_back(known_.look_up(i, c.of_batch(1), nullptr));
          for (std::size_t l = 0; l < picture_layouts; ++l)
            total[l] += ones.back().found.in[l].best.seconds;
          all.push_back(c.source[0] == 1 ? ones.back() : known_.look_up(i, c, &ones.back()));
        }
    if (all.empty())
      return;
    add_joins(total);
    const auto pictures = static_cast<std::size_t>(std::min_element(total.begin(), total.end()) - total.begin());
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto& s = all[i];
      if (in_single_pictures(s, ones[i], pictures))
        s = ones[i];
      const auto& [best, direct] = s.found.in[pictures];
      made.by_layer[s.layer] = s.choice(best, direct);
    }
    if (numbers_.factors == number::bf16)
      keep_weights_narrow(made.by_layer, all, ones, pictures);
    give_up_what_does_not_fit(made.by_layer, all, pictures);
    for (const auto& s : all)
      cut_channels(s.layer, *made.by_layer[s.layer], pictures);
    made.pictures = picture_tags()[pictures];
  }

  /// Joins of channels, for one picture: in blocks they need no copy (`concat_cpu`), unless a block is not full.
  void add_joins(std::array<double, picture_layouts>& total) const {
    for (std::uint32_t i = 0; i < model_.layers().size(); ++i) {
      const auto* a = std::get_if<metadata::concat_layer>(&model_.layers()[i].attributes);
      const layer_view join(model_, symbols_, i);
      const auto shape = a ? join.output_shape() : extents{};
      if (shape.size() != 4 || a->axis != 1 || join.type(join.what().outputs[0]) != metadata::element_type::float32)
        continue;
      const auto bytes = static_cast<double>(elements_of(shape)) / static_cast<double>(shape[0]) * sizeof(float);
      for (std::size_t l = 0; l < picture_layouts; ++l) {
        const auto tag = picture_tags()[l];
        bool copies = tag == dnnl::memory::format_tag::nhwc;
        for (std::size_t role = 0; role < join.what().inputs.size(); ++role) {
          const auto in = join.input_shape(role);
          copies = copies || layout(in, number::f32, tag).get_size() != plain_layout(in).get_size();
        }
        total[l] += copies ? bytes / defaults::joined_bytes_per_second : 0;
      }
    }
  }

  std::int64_t batch_of(std::uint32_t layer) const {
    return layer_view(model_, symbols_, layer).input_shape(conv_x)[0];
  }

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
    const convolution c(view, std::get<metadata::conv_layer>(view.what().attributes), numbers_);
    if (c.source[0] > 1 || c.a.groups > 1 || is_winograd(choice.kernel))
      return;
    const auto possible = [&](std::uint32_t n) {
      return c.channels % (defaults::channels_in_block * n) == 0 && has_pieces(choice.weights, 0, n);
    };
    for (auto n = parts_for(seeker_.cuts, choice.seconds, possible); n > 1; n /= 2)
      if (possible(n)) {
        const auto one = known_.look_up_piece(layer, c.of_channels(c.channels / n), piece_of(choice.weights, 0, n).how);
        const auto* best = one ? &one->found.in[pictures].best : nullptr;
        if (best && n * best->seconds <= seeker_.cuts.most_cost * choice.seconds) {
          choice = {one->kernel(*best), {1, n}, choice.weights, n * best->seconds, n * best->seconds};
          return;
        }
      }
  }

  static void give_up(std::vector<std::optional<kernel_choice>>& choices, const searched& s, std::size_t pictures) {
    const auto& direct = s.found.in[pictures].direct;
    choices[s.layer] = s.choice(direct, direct);
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
    const auto size_of_weights = [](const conv_kernel& k) { return k.weights.get_size(); };
    std::vector<growth> wanted;
    std::vector<bool> grows(ones.size(), false);
    for (std::size_t i = 0; i < ones.size(); ++i) {
      const auto& [best, direct] = ones[i].found.in[pictures];
      const auto large = size_of_weights(ones[i].kernel(best));
      const auto narrow = size_of_weights(ones[i].kernel(direct));
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
      const auto& of_one = ones[i].kernel(ones[i].found.in[pictures].best);
      const auto& chosen = all[i].found.in[pictures];
      if (chosen.best.kernel != chosen.direct.kernel
          && !(grows[i] && choices[all[i].layer]->kernel.weights == of_one.weights))
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
      const auto own = choices[s.layer]->kernel.scratch_bytes;
      if (own > limit)
        give_up(choices, s, pictures);
      else
        scratch = std::max(scratch, own);
      const auto& choice = *choices[s.layer];
      const layer_view view(model_, symbols_, s.layer);
      const auto extra =
          weights_.extra(s.layer, weight_role::matrix, choice.weights,
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

  const metadata::model& model_;
  const metadata::symbol_values& symbols_;
  const plan_numbers& numbers_;
  const cpu_weights& weights_;
  const kernel_seeker& seeker_;
  kernel_findings known_;
};

} // namespace

kernel_choices_made choose_kernels(const metadata::model& model, const metadata::symbol_values& symbols,
                                   const std::vector<bool>& must_be_plain, const plan_numbers& numbers,
                                   const cpu_weights& weights, const std::shared_ptr<domain_memory>& home,
                                   const kernel_seeker& seeker) {
  return search(model, symbols, must_be_plain, numbers, weights, home, seeker).run();
}

} // namespace baton::gpu::cpu
