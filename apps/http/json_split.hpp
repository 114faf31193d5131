#pragma once

#include <cstddef>
#include <map>
#include <string_view>

#include <nlohmann/json.hpp>

#include "apps/http/json_numbers.hpp"

namespace baton::apps::http {

/// A KServe body taken apart: the numbers of its tensors by their place in the list, and the rest as an ordinary
/// document in which these "data" are null.
struct split_body {
  nlohmann::json document;
  std::map<std::size_t, json_numbers> numbers;
};

/// Takes a body apart in one pass; `tensors` is "inputs" or "outputs", the list whose members' "data" are numbers.
/// Large arrays never become a document, so what a body costs stays near its own size; depth and size of the rest are
/// bounded (see defaults.hpp). Errors: `bad_request`, one sentence saying where.
expected<split_body> split(std::string_view body, std::string_view tensors);

} // namespace baton::apps::http
