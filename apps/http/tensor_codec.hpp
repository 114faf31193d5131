#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/http/json_body.hpp"
#include "apps/http/json_text.hpp"

/// One tensor of a KServe body, as JSON or as bytes behind the JSON ("Binary Tensor Data Extension").
namespace baton::apps::http {

struct named_tensor {
  std::string name;
  metadata::tensor value;
};

/// The bytes behind a body's JSON: tensors take their parts in the order of the list.
class binary_part {
public:
  explicit binary_part(std::string_view bytes) : rest_(bytes) {}
  /// The next `size` bytes; nothing if there are fewer.
  std::optional<std::string_view> take(std::size_t size);
  std::size_t left() const { return rest_.size(); }

private:
  std::string_view rest_;
};

/// The name of member `index` of `list` ("inputs" or "outputs"). Errors: `bad_request`.
expected<std::string> name_of(const tensor_entry& entry, std::size_t index, const char* list);

/// The value of a tensor; its bytes are copied, so that they are aligned whatever the body is.
/// Errors: `bad_request` naming the tensor.
expected<metadata::tensor> read_tensor(const tensor_entry& entry, const std::string& name, binary_part& bytes);
/// A tensor of this shape from its bytes. Errors: `bad_request` naming it: a wrong size, a BOOL beyond 0 and 1.
expected<metadata::tensor> from_bytes(std::string_view bytes, const std::string& name, metadata::element_type type,
                                      std::vector<std::int64_t> shape);

/// Appends everything of a tensor's object up to its data.
void append_tensor_head(std::string& out, std::string_view name, std::string_view datatype,
                        std::span<const std::int64_t> shape);

} // namespace baton::apps::http
