#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "apps/http/json_split.hpp"

/// One tensor of a KServe body as a JSON object, and small helpers for reading what clients send.
namespace baton::apps::http {

struct named_tensor {
  std::string name;
  metadata::tensor value;
};

/// The member of an object; null if it is not there or null.
const nlohmann::json* member(const nlohmann::json& object, const char* key);
/// The "name" of an object. Errors: `bad_request`, calling it `where`.
expected<std::string> name_in(const nlohmann::json& object, const std::string& where);
/// Whether its parameters ask for binary tensors: an extension that is not spoken here.
bool asks_binary(const nlohmann::json& object);

/// Tensor number `index` of `list` ("inputs" or "outputs"), `object` being its member there; takes its numbers out of
/// `body`. Errors: `bad_request` naming the tensor.
expected<named_tensor> read_tensor(split_body& body, const nlohmann::json& object, std::size_t index, const char* list);

/// Appends everything of a tensor's object up to its data.
void append_tensor_head(std::string& out, const std::string& name, metadata::element_type type,
                        const std::vector<std::int64_t>& shape);

/// As a JSON string; bytes that are no UTF-8 are replaced.
std::string quote_json(std::string_view text);
/// Text of a client's between quotes, shortened for a sentence.
std::string in_quotes(const std::string& text);

} // namespace baton::apps::http
