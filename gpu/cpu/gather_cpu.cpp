#include <cstring>
#include <string>

#include "gpu/cpu/kernels.hpp"
#include "gpu/failure.hpp"

namespace baton::gpu::cpu {
namespace {

/// Indices of type `Index`.
template <class Index>
class gather_step final : public step {
public:
  place data;
  place indices;
  place out;
  std::int64_t outer = 1;  ///< product of the axes before `axis`
  std::int64_t extent = 1; ///< of `axis`
  std::int64_t count = 1;  ///< indices
  std::size_t row = 0;     ///< bytes of what one index picks
  std::string layer;

  void run(const run_context& context) const override {
    const auto* from = context.values.at(data);
    const auto* picks = reinterpret_cast<const Index*>(context.values.at(indices));
    auto* to = context.values.at(out);
    for (std::int64_t i = 0; i < outer; ++i) {
      for (std::int64_t k = 0; k < count; ++k) {
        const std::int64_t given = picks[k];
        const auto pick = given < 0 ? given + extent : given;
        if (pick < 0 || pick >= extent)
          raise(errc::bad_request, "layer '" + layer + "' (gather): index " + std::to_string(given) + " at element "
                                       + std::to_string(k) + " is outside of " + std::to_string(-extent) + " to "
                                       + std::to_string(extent - 1));
        std::memcpy(to, from + static_cast<std::size_t>(i * extent + pick) * row, row);
        to += row;
      }
    }
  }
};

template <class Index>
void build(layer_builder& b, const metadata::gather_layer& a) {
  auto data = b.input_shape(0);
  const auto axis = data.begin() + a.axis;
  auto s = std::make_unique<gather_step<Index>>();
  s->outer = elements_of({data.begin(), axis});
  s->extent = *axis;
  s->count = elements_of(b.input_shape(1));
  s->row = static_cast<std::size_t>(elements_of({axis + 1, data.end()})) * size_of(b.type(b.input_value(0)));
  s->layer = b.what().name;
  s->data = b.plain_place(0);
  s->indices = b.plain_place(1);
  s->out = b.plain_output_place(0);
  b.add(std::move(s));
}

} // namespace

void build_gather(layer_builder& b, const metadata::gather_layer& a) {
  if (a.axis >= b.input_shape(0).size())
    b.unsupported("its axis is beyond its operand's axes");
  const auto type = b.type(b.input_value(1));
  if (type == metadata::element_type::int64)
    build<std::int64_t>(b, a);
  else if (type == metadata::element_type::int32)
    build<std::int32_t>(b, a);
  else
    b.unsupported("indices must be int64 or int32");
}

} // namespace baton::gpu::cpu
