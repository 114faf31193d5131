#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "metadata/model_problems.hpp"

namespace baton::metadata {

/// Reads a list of layers, `{"name", "input_shape", "layers": [{"type", "params"}]}`, into a model named `name` with
/// one input, `input`, and one output, `output`, both float32. Types and their params, whole numbers:
///   conv     in_channels, out_channels, filter_size, stride (1 if 0 or left out), padding (0); with bias
///   relu
///   maxpool  ksize, kstride, padding (0); what is left of the picture behind the last window is left out
///   avgpool  size: of the result, a divisor of the picture's
///   flat     all axes but the first become one
///   linear   in_channels, out_channels; with bias
///   lstm     input_size, hidden_size: three layers, both directions, [N,S,I] -> [N,S,2H], the initial states zero
/// A picture is [N,C,H,W]. The first number of `input_shape` is the batch that the author had: in the model it is the
/// symbol N. A `comment` may stand beside the name.
///
/// The form has no weights. They are seeded numbers, uniform: of conv and linear within sqrt(6 / fan-in) (He et al.,
/// Delving deep into rectifiers, 2015), of their biases within 0.01, of lstm within 1 / sqrt(hidden_size). A seed is
/// that of the text "NAME/INDEX/PART": the name in the file, the layer's place in its list from 0, and `weight` or
/// `bias`, of an lstm `w0`, `r0`, `b0` to `b2`. So the same file is the same model wherever and under whatever file
/// name it is read.
///
/// Fuses conv + relu and linear + relu. A fused layer, like any, is called TYPE_INDEX by its first one.
/// Errors: `io`, `not_found`; `bad_model` with one sentence that names the file, the layer's index and the key.
expected<std::shared_ptr<const model>> import_json(const std::filesystem::path& file, std::string name);

/// The same import, going on after a problem. What depends on a layer that could not be added is looked at as far as
/// its own params go.
checked_model check_json(const std::filesystem::path& file, std::string name);

} // namespace baton::metadata
