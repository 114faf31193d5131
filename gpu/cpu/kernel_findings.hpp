#pragma once

#include <array>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "gpu/cpu/conv_kernel.hpp"
#include "gpu/cpu/kernel_search.hpp"
#include "gpu/cpu/numbers.hpp"
#include "gpu/domain_memory.hpp"

/// What is known of the kernels of single convolutions, from the store or by a trial.
namespace baton::gpu::cpu {

inline constexpr auto picture_layouts = std::tuple_size_v<decltype(picture_tags())>;

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
  std::array<in_layout, picture_layouts> in;
  bool of_all = true; ///< else memory was too short to try some
};

/// A convolution and what is known of its kernels.
struct searched {
  std::uint32_t layer = 0;
  std::vector<conv_kernel> kernels;
  finding found;
  std::uint32_t times = 1; ///< it is done so often: a picture at a time

  const conv_kernel& kernel(const timed& t) const;
  kernel_choice choice(const timed& chosen, const timed& direct) const;
};

/// Looks convolutions of one model up, and measures on the calling thread what is not known.
class kernel_findings {
public:
  /// All of them outlive it.
  kernel_findings(const metadata::model& model, const metadata::symbol_values& symbols,
                  const std::vector<bool>& must_be_plain, const plan_numbers& numbers,
                  const std::shared_ptr<domain_memory>& home, const kernel_seeker& seeker)
      : model_(model), symbols_(symbols), must_be_plain_(must_be_plain), numbers_(numbers), home_(home),
        seeker_(seeker) {}

  /// `c`: that of layer `index`. `one`: the same layer at a batch of one, if `c` is of another. Throws `failure`,
  /// `dnnl::error`.
  searched look_up(std::uint32_t index, const convolution& c, const searched* one);
  /// `c`: some of the channels of layer `index`, whose weights lie so. Nothing if there are no fast kernels for that.
  /// Throws as above.
  std::optional<searched> look_up_piece(std::uint32_t index, const convolution& c, const layout& weights);

private:
  searched look_up(std::uint32_t index, const convolution& c, std::vector<conv_kernel> kernels, const searched* one,
                   const std::string& what);
  finding measure(const layer_view& layer, const convolution& c, const std::vector<conv_kernel>& kernels, bool plain,
                  const searched* one);
  double reordering(const layout& from, const layout& to);

  struct known_reorder {
    layout from;
    layout to;
    double seconds;
  };

  const metadata::model& model_;
  const metadata::symbol_values& symbols_;
  const std::vector<bool>& must_be_plain_;
  const plan_numbers& numbers_;
  const std::shared_ptr<domain_memory>& home_;
  const kernel_seeker& seeker_;
  std::vector<known_reorder> reorders_;
};

} // namespace baton::gpu::cpu
