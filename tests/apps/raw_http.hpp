#pragma once

#include <string>
#include <vector>

#include "served.hpp"

/// Requests and answers as they travel, for `send_raw`.
namespace baton::testing {

inline constexpr const char* mlp_infer = "/v2/models/mlp/infer";

/// A POST that ends its connection, with more fields ("Name: value\r\n").
std::string post(const std::string& target, const std::string& body, const std::string& fields = "");

/// @pre the head is complete
std::string body_of(const std::string& answer);
/// Empty if the answer has no such field.
std::string field_of(const std::string& answer, const std::string& name);

std::string bytes_of(const std::vector<float>& values);
/// A request to the mlp model whose input travels in so many bytes behind it.
std::string binary_json(std::size_t bytes, const std::string& rest = R"(,"parameters":{"binary_data_output":true})",
                        const std::string& shape = "[1,3]");
/// That, or nothing but the bytes where `head` is empty, as a POST to the mlp model.
std::string binary_post(const std::string& head, const std::string& bytes, const std::string& fields = "");

/// The body that answers `mlp_body`.
std::string plain_answer(const served& s);

} // namespace baton::testing
