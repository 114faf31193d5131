#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/runtime.hpp"
#include "apps/http/tensor_codec.hpp"
#include "metadata/model.hpp"

/// KServe v2 inference, tensors as JSON or binary: https://kserve.github.io/website/ ("Open Inference Protocol") with
/// Triton's extensions for binary tensors, classification and parameters. Parameters: "priority" (higher runs first),
/// "timeout" (microseconds), "binary_data_output"; and of ours: "device" (where to begin: its number), "move_after" (a
/// layer's name or number: continue on another device behind it) and "move_to" (that device; the next one otherwise).
/// Other parameters are passed over, as the protocol wants it, except those that ask for a sequence.
namespace baton::apps::http {

/// An output that is asked for.
struct wanted_output {
  std::size_t place = 0; ///< in the model's outputs
  bool binary = false;
  std::size_t classes = 0; ///< the best so many as "value:index[:label]"; 0: the values themselves
};

/// A decoded request, with what is needed to answer it.
struct infer_call {
  actors::request request;
  std::optional<std::string> id;
  std::vector<wanted_output> outputs; ///< in the order asked for
};

/// `json_size` is the Inference-Header-Content-Length, if there is one: behind so many bytes of JSON are binary
/// tensors; 0: the body is the one input's bytes and nothing else. Errors: `bad_request` naming the part at fault.
/// Whether shapes fit the model is for `runtime::submit` to say. `fallback_device` is where a request to be moved
/// begins if it does not say.
expected<infer_call> decode_infer(std::string_view body, const metadata::model& m, std::size_t devices,
                                  std::uint32_t fallback_device, std::optional<std::size_t> json_size = {});

/// Reads "parameters" into the call. Errors: `bad_request` naming the parameter.
expected<void> read_parameters(const parameters& given, const metadata::model& m, std::size_t devices,
                               std::uint32_t fallback_device, infer_call& call);

struct encoded_answer {
  std::string body;
  std::optional<std::size_t> json_size; ///< if binary tensors follow the JSON
};
/// Names for the indices of an output, by place in the model's outputs; may be shorter, or empty where there are none.
using output_labels = std::vector<std::vector<std::string>>;

/// The answer. Errors: `bad_request` if an output is not finite, which JSON cannot say, or cannot be classified.
expected<encoded_answer> encode_answer(const infer_call& call, const actors::done& result, const metadata::model& m,
                                       std::int64_t version, std::span<const gpu::device_description> devices,
                                       const output_labels& labels = {});

// -- the client's side ------------------------------------------------------------------------------------------------

/// The "inputs" member of a request, ready to be put between braces, and what follows the JSON. Binary unless
/// `as_text`. Errors: `bad_argument` for text of what is not finite.
struct encoded_inputs {
  std::string json;
  std::string bytes;
};
expected<encoded_inputs> encode_inputs(std::span<const named_tensor> inputs, bool as_text = false);

struct infer_reply {
  std::vector<named_tensor> outputs;
  std::optional<std::uint32_t> device;
  std::uint32_t preemptions = 0, moves = 0; ///< as the server says; 0 if it says nothing
};
/// Errors: `bad_request` for what is no answer.
expected<infer_reply> decode_answer(std::string_view body, std::optional<std::size_t> json_size = {});

} // namespace baton::apps::http
