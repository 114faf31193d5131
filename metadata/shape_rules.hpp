#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "metadata/layer.hpp"
#include "metadata/tensor.hpp"

/// What each layer kind makes of its operands: written once over `dim`, used by importer, builder and `model::make`.
namespace baton::metadata {

/// What a rule sees of an operand, and says of an output.
struct value_shape {
  element_type type = element_type::float32;
  dims shape;
  std::optional<std::uint32_t> batch_axis;
};

struct layer_shape {
  std::vector<value_shape> outputs; ///< by role, the optional ones too
  dim parts = 1;
  dim state_bytes = 0;
};

/// What the role of an operand demands of it.
struct operand_role {
  const char* name;
  bool required = true;
  bool constant = false; ///< must be a weight: a device lays it out ahead of time
};

/// The operand roles of a kind, in the order of `layer::inputs`. Empty for `concat`, which takes any number of
/// operands, and for `shape`, which takes none.
std::span<const operand_role> roles(const layer_attributes& attributes);

/// The outputs of a layer, or what is wrong with its operands or attributes. Absent operands are null; `operands` may
/// be shorter than the roles. `names` are the symbols', for the error text.
tl::expected<layer_shape, std::string> infer_shapes(const layer_attributes& attributes,
                                                    std::span<const value_shape* const> operands,
                                                    std::span<const std::string> names = {});

/// `[N,3,H+1]`
std::string to_string(const dims& shape, std::span<const std::string> names = {});

/// The product of all extents.
dim elements_of(const dims& shape);

/// The batch axis after the bytes of `from` are seen as `shape`: the same extent with the same number of elements
/// before it, or none.
std::optional<std::uint32_t> batch_axis_of_view(const value_shape& from, const dims& shape);

/// The shape of numpy broadcasting.
tl::expected<dims, std::string> broadcast(const dims& a, const dims& b, std::span<const std::string> names = {});

/// What is wrong with a shape: rank, an extent that is not positive or absurd, too many elements. Empty if nothing is.
std::string check_shape(const dims& shape);

} // namespace baton::metadata
