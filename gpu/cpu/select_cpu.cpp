#include <algorithm>
#include <cstring>
#include <numeric>
#include <string_view>

#include "gpu/cpu/box_step.hpp"
#include "gpu/cpu/kernels.hpp"
#include "metadata/numeric.hpp"

/// Layers that move elements of any type: concat, slice, expand, cast, and shapes.
namespace baton::gpu::cpu {
namespace {

class cast_step final : public step {
public:
  place from;
  place to;
  metadata::element_type source;
  metadata::element_type target;
  std::size_t count;

  void run(const run_context& context) const override {
    metadata::convert(source, context.values.at(from), target, context.values.at(to), count);
  }
};

/// Writes numbers known since the plan was built.
class constant_step final : public step {
public:
  constant_step(place to, metadata::tensor what) : to_(to), what_(std::move(what)) {}

  void run(const run_context& context) const override {
    std::memcpy(context.values.at(to_), what_.data(), what_.bytes());
  }

private:
  place to_;
  metadata::tensor what_;
};

} // namespace

void build_slice(layer_builder& b, const metadata::slice_layer& a) {
  const auto picked = slice_box(b, a);
  const auto from = b.plain_place(0);
  b.add(std::make_unique<box_step>(from, b.plain_output_place(0), picked, size_of(b.type(b.input_value(0)))));
}

void build_expand(layer_builder& b, const metadata::expand_layer& /*a*/) {
  const auto from = b.plain_place(0);
  b.add(std::make_unique<box_step>(from, b.plain_output_place(0), expand_box(b), size_of(b.type(b.input_value(0)))));
}

void build_cast(layer_builder& b, const metadata::cast_layer& a) {
  auto s = std::make_unique<cast_step>();
  s->source = b.type(b.input_value(0));
  s->target = a.to;
  s->count = static_cast<std::size_t>(elements_of(b.output_shape()));
  s->from = b.plain_place(0);
  s->to = b.plain_output_place(0);
  b.add(std::move(s));
}

void build_shape(layer_builder& b, const metadata::shape_layer& a) {
  metadata::tensor wide(metadata::element_type::int64, a.shape);
  std::transform(a.elements.begin(), a.elements.end(), wide.as_mutable<std::int64_t>().begin(),
                 [&](const metadata::dim& d) { return b.bound(d); });
  b.add(std::make_unique<constant_step>(b.plain_output_place(0), metadata::converted(wide, a.type)));
}

} // namespace baton::gpu::cpu
