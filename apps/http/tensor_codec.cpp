#include "apps/http/tensor_codec.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>

#include <fmt/compile.h>
#include <fmt/format.h>

namespace baton::apps::http {

namespace {

auto bad(std::string message) {
  return fail(errc::bad_request, std::move(message));
}

expected<metadata::element_type> type_of(const tensor_entry& entry, const std::string& name) {
  if (!entry.datatype)
    return bad(fmt::format("tensor {} has no \"datatype\"", in_quotes(name)));
  if (auto type = metadata::element_type_of(*entry.datatype))
    return *type;
  if (*entry.datatype == "BYTES")
    return bad(fmt::format("tensor {}: datatype BYTES is not supported: no operator takes strings", in_quotes(name)));
  return bad(fmt::format("tensor {}: there is no datatype {}", in_quotes(name), in_quotes(*entry.datatype)));
}

} // namespace

std::optional<std::string_view> binary_part::take(std::size_t size) {
  if (size > rest_.size())
    return std::nullopt;
  auto part = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return part;
}

expected<std::string> name_of(const tensor_entry& entry, std::size_t index, const char* list) {
  if (!entry.name)
    return bad(fmt::format("{}[{}] has no \"name\"", list, index));
  return *entry.name;
}

expected<metadata::tensor> read_tensor(const tensor_entry& entry, const std::string& name, binary_part& bytes) {
  if (find(entry.given, "shared_memory_region"))
    return bad(fmt::format("tensor {}: shared memory is not supported", in_quotes(name)));
  auto type = type_of(entry, name);
  if (!type)
    return tl::unexpected(type.error());
  if (!entry.shape)
    return bad(fmt::format("tensor {} has no \"shape\"", in_quotes(name)));
  const auto* size = find(entry.given, "binary_data_size");
  if (!size) {
    if (!entry.data.there())
      return bad(fmt::format("tensor {} has no \"data\" that is an array of numbers", in_quotes(name)));
    return read_elements(entry.data, name, *type, *entry.shape);
  }
  if (entry.data.there())
    return bad(fmt::format("tensor {} has both \"data\" and \"binary_data_size\"", in_quotes(name)));
  const auto* wanted = std::get_if<std::int64_t>(&size->value);
  if (!wanted || *wanted < 0)
    return bad(fmt::format("tensor {}: \"binary_data_size\" is not a number of bytes", in_quotes(name)));
  auto left = bytes.left();
  auto part = bytes.take(static_cast<std::size_t>(*wanted));
  if (!part)
    return bad(fmt::format("tensor {}: \"binary_data_size\" is {}, but behind the JSON there are {} bytes left for it",
                           in_quotes(name), *wanted, left));
  return from_bytes(*part, name, *type, *entry.shape);
}

expected<metadata::tensor> from_bytes(std::string_view bytes, const std::string& name, metadata::element_type type,
                                      std::vector<std::int64_t> shape) {
  auto each = metadata::size_of(type);
  auto count = count_elements(name, shape, bytes.size() / each);
  if (!count)
    return tl::unexpected(count.error());
  if (*count * each != bytes.size())
    return bad(fmt::format("tensor {}: {} bytes of binary data, but {} of shape {} takes {}", in_quotes(name),
                           bytes.size(), metadata::to_string(type), shape_text(shape), *count * each));
  if (type == metadata::element_type::boolean
      && std::any_of(bytes.begin(), bytes.end(), [](char c) { return c != 0 && c != 1; }))
    return bad(fmt::format("tensor {}: its binary data holds a BOOL that is neither 0 nor 1", in_quotes(name)));
  metadata::tensor t{type, std::move(shape)};
  if (!bytes.empty())
    std::memcpy(t.mutable_data(), bytes.data(), bytes.size());
  return t;
}

void append_tensor_head(std::string& out, std::string_view name, std::string_view datatype,
                        std::span<const std::int64_t> shape) {
  out += R"({"name":)";
  append_quoted(out, name);
  fmt::format_to(std::back_inserter(out), FMT_COMPILE(R"(,"datatype":"{}","shape":[{}])"), datatype,
                 fmt::join(shape, ","));
}

} // namespace baton::apps::http
