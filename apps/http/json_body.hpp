#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apps/http/json_numbers.hpp"

/// A KServe inference body, request or answer, taken apart: see
/// https://kserve.github.io/website/ ("Open Inference Protocol").
namespace baton::apps::http {

/// A member of a "parameters" object. `monostate`: an array or an object, which no parameter is.
struct parameter {
  std::string name;
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string> value; ///< uint64: beyond int64
};
using parameters = std::vector<parameter>;

/// The parameter of that name, if it is there (and not null); the last one of several.
const parameter* find(const parameters& all, std::string_view name);
/// Whether a parameter is there and `true`.
bool flag(const parameters& all, std::string_view name);

/// A member of "inputs" or "outputs". What is missing, or not of its type, is empty.
struct tensor_entry {
  std::optional<std::string> name;
  std::optional<std::string> datatype;
  std::optional<std::vector<std::int64_t>> shape;
  parameters given;
  data_text data; ///< in the body
};

struct json_body {
  std::optional<std::string> id;
  std::optional<std::vector<tensor_entry>> inputs;
  std::optional<std::vector<tensor_entry>> outputs;
  parameters given;
};

/// Reads a body in one pass; `tensors` is "inputs" or "outputs", the list whose members have "data". Their elements are
/// only found, not read, and no document is built: what a body costs stays near its own size. Depth and size of the
/// rest are bounded (see defaults.hpp). The text must outlive the result. Errors: `bad_request`, one sentence saying
/// what is wrong.
expected<json_body> read_body(std::string_view text, std::string_view tensors);

} // namespace baton::apps::http
