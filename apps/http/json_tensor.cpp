#include "apps/http/json_tensor.hpp"

#include <limits>

#include <fmt/format.h>

#include "apps/defaults.hpp"

namespace baton::apps::http {

namespace {

using json = nlohmann::json;

auto bad(std::string message) {
  return fail(errc::bad_request, std::move(message));
}

expected<std::vector<std::int64_t>> shape_in(const json& object, const std::string& name) {
  const auto* shape = member(object, "shape");
  if (!shape || !shape->is_array())
    return bad(fmt::format("tensor {} has no \"shape\"", in_quotes(name)));
  if (shape->size() > defaults::json_depth)
    return bad(fmt::format("tensor {} has {} axes", in_quotes(name), shape->size()));
  std::vector<std::int64_t> extents;
  for (const auto& e : *shape) {
    if (!e.is_number_integer()
        || (e.is_number_unsigned() && e.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()))
      return bad(fmt::format("tensor {}: its shape holds something that is not a whole number", in_quotes(name)));
    extents.push_back(e.get<std::int64_t>());
  }
  return extents;
}

expected<metadata::element_type> type_in(const json& object, const std::string& name) {
  const auto* type = member(object, "datatype");
  if (!type || !type->is_string())
    return bad(fmt::format("tensor {} has no \"datatype\"", in_quotes(name)));
  for (auto t : {metadata::element_type::float32, metadata::element_type::int64})
    if (type->get_ref<const std::string&>() == metadata::to_string(t))
      return t;
  return bad(fmt::format("tensor {}: datatype {} is not supported, FP32 and INT64 are", in_quotes(name),
                         in_quotes(type->get<std::string>())));
}

} // namespace

const json* member(const json& object, const char* key) {
  auto it = object.find(key);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

std::string in_quotes(const std::string& text) {
  return text.size() <= 100 ? "'" + text + "'" : "'" + text.substr(0, 100) + "...'";
}

std::string quote_json(std::string_view text) {
  return json(text).dump(-1, ' ', false, json::error_handler_t::replace);
}

expected<std::string> name_in(const json& object, const std::string& where) {
  if (!object.is_object())
    return bad(where + " is not an object");
  const auto* name = member(object, "name");
  if (!name || !name->is_string())
    return bad(where + " has no \"name\"");
  return name->get<std::string>();
}

bool asks_binary(const json& object) {
  const auto* p = member(object, "parameters");
  if (!p || !p->is_object())
    return false;
  for (const char* key : {"binary_data", "binary_data_output"})
    if (const auto* flag = member(*p, key); flag && flag->is_boolean() && flag->get<bool>())
      return true;
  return member(*p, "binary_data_size") != nullptr;
}

expected<named_tensor> read_tensor(split_body& body, const json& object, std::size_t index, const char* list) {
  auto name = name_in(object, fmt::format("{}[{}]", list, index));
  if (!name)
    return tl::unexpected(name.error());
  if (asks_binary(object))
    return bad(fmt::format("tensor {}: binary tensors are not supported", in_quotes(*name)));
  auto type = type_in(object, *name);
  if (!type)
    return tl::unexpected(type.error());
  auto shape = shape_in(object, *name);
  if (!shape)
    return tl::unexpected(shape.error());
  auto numbers = body.numbers.find(index);
  if (numbers == body.numbers.end())
    return bad(fmt::format("tensor {} has no \"data\" that is an array of numbers", in_quotes(*name)));
  auto value = to_tensor(std::move(numbers->second), *name, *type, std::move(*shape));
  if (!value)
    return tl::unexpected(value.error());
  return named_tensor{std::move(*name), std::move(*value)};
}

void append_tensor_head(std::string& out, const std::string& name, metadata::element_type type,
                        const std::vector<std::int64_t>& shape) {
  out += fmt::format(R"({{"name":{},"datatype":"{}","shape":{},"data":)", quote_json(name), metadata::to_string(type),
                     shape_text(shape));
}

} // namespace baton::apps::http
