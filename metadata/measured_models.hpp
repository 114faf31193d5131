#pragma once

#include <span>
#include <string_view>

#include "metadata/model_costs.hpp"

namespace baton::metadata {

/// Three models as they were measured, layer by layer, on a GTX 1080 Ti and an RTX 2060, at 1, 2 and 3 rows: `AlexNet`,
/// `ResNet` (ResNet-18) and `rnn`. Source: the measured figures of the Scheduling-Emulator repository (PyTorch,
/// training mode, float32), its bookkeeping rows added to the layer before as in `parse_layer_times`; weights and live
/// sets from the architectures.
///
/// The measurements are kept as they are, though some cannot be right: on the GTX 1080 Ti AlexNet's linear layers at 2
/// and 3 rows would read 151 MB of weights in 9 us, its third convolution takes 1.6 ms at 3 rows, and the rnn takes
/// half as long at 2 rows as at 1. The studies made with them have them too.
std::span<const model_costs> measured_models();

/// Case does not matter; `ResNet-18` and `ResNet18` are `ResNet` too. Null: there is none.
const model_costs* find_measured_model(std::string_view name);

} // namespace baton::metadata
