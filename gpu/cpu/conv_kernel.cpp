#include "gpu/cpu/conv_kernel.hpp"

#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "gpu/cpu/layer_builder.hpp"
#include "gpu/cpu/weights_of_one.hpp"
#include "gpu/defaults.hpp"

namespace baton::gpu::cpu {
namespace {

using dnnl::algorithm;
using dnnl::memory;
using metadata::function;

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::optional<convolution::description> fast_direct(const convolution& c, const layout& weights,
                                                    memory::format_tag pictures) {
  try {
    auto d = c.first_kernel(c.describe(algorithm::convolution_direct, c.source[0], weights, pictures));
    return is_reference(d) ? std::nullopt : std::optional(d);
  } catch (const dnnl::error&) {
    return std::nullopt; // none for these weights
  }
}

/// Between which values of the result the activation clips; nothing if it does something else.
std::optional<std::pair<float, float>> range_of(const metadata::activation& act) {
  constexpr auto most = std::numeric_limits<float>::infinity();
  switch (act.what) {
  case function::none: return std::pair(-most, most);
  case function::relu: return std::pair(0.0F, most);
  case function::clip: return std::pair(static_cast<float>(act.alpha), static_cast<float>(act.beta));
  default: return std::nullopt;
  }
}

std::size_t size(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

picture_steps steps_of(const layout& pictures) {
  const auto& how = pictures.data.format_desc.blocking;
  const auto block = how.inner_nblks > 0 ? how.inner_blks[0] : defaults::channels_in_block;
  return {.block = size(block),
          .from_block = size(how.inner_nblks > 0 ? how.strides[1] : block * how.strides[1]),
          .from_pixel = size(how.strides[3]),
          .from_row = size(how.strides[2]),
          .from_picture = size(how.strides[0])};
}

/// The kernels of ours, for pictures in either layout.
void add_own(const convolution& c, std::uint32_t cores, std::vector<conv_kernel>& to) {
  constexpr std::array<std::int64_t, 2> lowest{1, 1};
  const bool fits = c.weights.size() == 4 && c.weights[2] == 3 && c.weights[3] == 3 && c.a.strides == lowest
                    && c.a.dilations == lowest && c.weights[1] % defaults::channels_in_block == 0
                    && c.channels % defaults::channels_in_block == 0;
  const auto range = range_of(c.a.act);
  if (!fits || !range)
    return;
  for (const std::size_t tile : {2, 4})
    for (const auto tag : picture_tags()) {
      const layout source(c.source, number::f32, tag);
      const layout target(c.target, number::f32, tag);
      const winograd own{.tile = tile,
                         .pictures = size(c.source[0]),
                         .depth = size(c.source[1]),
                         .channels = size(c.channels),
                         .height = size(c.source[2]),
                         .width = size(c.source[3]),
                         .rows = size(c.target[2]),
                         .columns = size(c.target[3]),
                         .top = size(c.pads.before[0]),
                         .left = size(c.pads.before[1]),
                         .source = steps_of(source),
                         .target = steps_of(target),
                         .adds = c.has_residual,
                         .least = range->first,
                         .most = range->second,
                         .threads = cores};
      if (own.tiles_of_picture() >= defaults::winograd_least_tiles)
        to.emplace_back((tag == memory::format_tag::nhwc ? "nhwc/winograd_" : "winograd_") + std::to_string(tile) + "x"
                            + std::to_string(tile),
                        own, source, target);
    }
}

} // namespace

conv_kernel::conv_kernel(std::string name_, const convolution::description& by_library)
    : name(std::move(name_)), how(by_library), source(by_library.src_desc()), weights(by_library.weights_desc()),
      target(by_library.dst_desc()), scratch_bytes(by_library.scratchpad_desc().get_size()) {}

conv_kernel::conv_kernel(std::string name_, const winograd& own, const layout& source_, const layout& target_)
    : name(std::move(name_)), how(own), source(source_),
      weights(plain_layout({static_cast<std::int64_t>(own.places()), static_cast<std::int64_t>(own.depth),
                            static_cast<std::int64_t>(own.channels)})),
      target(target_), scratch_bytes(own.scratch() * sizeof(float)) {}

std::string implementation(const conv_kernel& k) {
  const auto* by_library = std::get_if<convolution::description>(&k.how);
  return by_library ? std::string(by_library->impl_info_str()) : k.name;
}

layout written_weights(const conv_kernel& k, const convolution& c) {
  return std::holds_alternative<winograd>(k.how) ? k.weights : plain_layout(c.weights);
}

void write_weights(const layer_view& of, const convolution& c, const conv_kernel& k, std::span<float> to) {
  const auto* own = std::get_if<winograd>(&k.how);
  if (!own)
    return write_weights(of, c, to);
  std::vector<float> plain(size(elements_of(c.weights)));
  write_weights(of, c, plain);
  transform_weights(*own, plain, to);
}

conv_kernel direct_kernel(const convolution& c) {
  return {"direct",
          with_weights_of_one(c.source[0] == 1, any_layout(c.weights, c.factors), [&](bool one, const layout& weights) {
            return c.first_kernel(c.describe(algorithm::convolution_direct, one ? 1 : c.source[0], weights));
          })};
}

std::vector<conv_kernel> kernels_for(const convolution& c, const layout& weights) {
  std::vector<conv_kernel> result;
  const auto same = weights.data_type() == c.factors ? c : c.of_float32();
  for (const auto pictures : {memory::format_tag::any, memory::format_tag::nhwc})
    if (auto d = fast_direct(same, weights, pictures))
      result.emplace_back((pictures == memory::format_tag::any ? "" : "nhwc/") + std::string(d->impl_info_str()), *d);
  return result;
}

bool is_winograd(const conv_kernel& k) {
  return has(k.name, "wino");
}

bool wants_larger_weights(const conv_kernel& k, const convolution& c) {
  return is_winograd(k) || k.weights.data_type() != c.factors;
}

std::vector<conv_kernel> other_kernels(const convolution& c, const conv_kernel& direct, bool exact,
                                       std::uint32_t cores) {
  std::vector<conv_kernel> result;
  const bool wide = picture_tags().front() == memory::format_tag::nChw16c;
  auto add_all = [&](algorithm by, memory::format_tag pictures, const std::string& prefix) {
    try {
      const auto operation = c.describe(by, c.source[0], any_layout(c.weights, c.factors), pictures);
      auto d = c.first_kernel(operation); // refers to it for what comes next
      for (std::size_t tried = 0; tried < defaults::implementations_tried; ++tried) {
        const std::string_view name = d.impl_info_str();
        const bool same = prefix.empty() && name == implementation(direct);
        // Those of narrower vectors than the processor's are the best by chance alone.
        const bool narrow = has(name, "sse") || (wide && has(name, "avx2"));
        if (!same && !is_reference(d) && !narrow && !has(name, "gemm"))
          result.emplace_back(prefix + std::string(name), d);
        if (!d.next_impl())
          break;
      }
    } catch (const dnnl::error&) {
      // None for this convolution on this processor.
    }
  };
  const bool large = c.of_batch(1).flops() >= defaults::transform_flops;
  if (!exact && c.factors == number::f32 && large) {
    add_all(algorithm::convolution_winograd, memory::format_tag::any, "");
    add_own(c, cores, result);
  }
  add_all(algorithm::convolution_direct, memory::format_tag::any, "");
  add_all(algorithm::convolution_direct, memory::format_tag::nhwc, "nhwc/");
  if (c.factors == number::f32 || !large)
    return result;
  auto narrow = result.size();
  const auto unnarrowed = c.of_float32();
  const auto first = direct_kernel(unnarrowed);
  result.push_back(first);
  for (auto& k : other_kernels(unnarrowed, first, exact, cores))
    result.push_back(std::move(k));
  for (; narrow < result.size(); ++narrow)
    result[narrow].name = "f32/" + result[narrow].name;
  return result;
}

} // namespace baton::gpu::cpu
