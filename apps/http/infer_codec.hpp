#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/runtime.hpp"
#include "apps/http/json_tensor.hpp"
#include "metadata/model.hpp"

/// KServe v2 inference with JSON tensors: https://kserve.github.io/website/ ("Open Inference Protocol"). Parameters
/// of ours: "priority" (higher runs first), "timeout" (microseconds), "device" (where to begin: its number),
/// "move_after" (a layer's name or number: continue on another device behind it) and "move_to" (that device; the next
/// one otherwise). Other parameters are passed over, as the protocol wants it.
namespace baton::apps::http {

/// A decoded request, with what is needed to answer it.
struct infer_call {
  actors::request request;
  std::optional<std::string> id;
  std::vector<std::size_t> outputs; ///< those asked for, in that order, as places in the model's outputs
};

/// Errors: `bad_request` naming the part at fault. Whether shapes fit the model is for `runtime::submit` to say.
/// `fallback_device` is where a request to be moved begins if it does not say.
expected<infer_call> decode_infer(std::string_view body, const metadata::model& m, std::size_t devices,
                                  std::uint32_t fallback_device);

/// The answer. Errors: `internal` if an output is not finite, which JSON cannot say.
expected<std::string> encode_answer(const infer_call& call, const actors::done& result, const metadata::model& m,
                                    std::int64_t version, std::span<const gpu::device_description> devices);

// -- the client's side ------------------------------------------------------------------------------------------------

/// The "inputs" member of a request, ready to be put between braces. Errors: `bad_argument` for what is not finite.
expected<std::string> encode_inputs(std::span<const named_tensor> inputs);

struct infer_reply {
  std::vector<named_tensor> outputs;
  std::optional<std::uint32_t> device;
};
/// Errors: `bad_request` for what is no answer.
expected<infer_reply> decode_answer(std::string_view body);

} // namespace baton::apps::http
