#pragma once

#include <string_view>

#include "gpu/cpu/layout.hpp"

namespace baton::gpu::cpu {

/// Whether it is one of oneDNN's slow kernels for what it has no other for.
template <class Description>
bool is_reference(const Description& d) {
  return std::string_view(d.impl_info_str()).find("ref") != std::string_view::npos;
}

/// The kernel for a batch whose weights lie as a batch of one wants them, so that the layout does not depend on which
/// plan was built first: then equal devices make equal kernels. Only if no fast kernel takes them so are they laid out
/// a second time. `describe(one, weights)` describes the kernel of a batch of one, or of the batch at hand, with that
/// layout of the weights; `any` leaves it to the kernel. Throws `dnnl::error`.
template <class Describe>
auto with_weights_of_one(bool is_one, const layout& any, Describe describe) {
  auto single = describe(true, any);
  if (is_one)
    return single;
  try {
    auto shared = describe(false, single.weights_desc());
    if (!is_reference(shared))
      return shared;
  } catch (const dnnl::error&) {
    // This batch has no kernel for that layout.
  }
  return describe(false, any);
}

} // namespace baton::gpu::cpu
