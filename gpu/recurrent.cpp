#include "gpu/recurrent.hpp"

namespace baton::gpu {

recurrent_extents extents_of(const layer_view& of, std::int64_t hidden, metadata::recurrent_direction direction,
                             std::int64_t gates, std::size_t states) {
  const auto shape = of.input_shape(rnn_x);
  if (shape.size() != 3)
    of.unsupported("its operand must have 3 axes");
  return {shape[0],
          shape[1],
          shape[2],
          hidden,
          gates,
          states,
          static_cast<std::size_t>(metadata::directions_of(direction)),
          direction == metadata::recurrent_direction::reverse};
}

} // namespace baton::gpu
