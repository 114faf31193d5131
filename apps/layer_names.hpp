#pragma once

#include <string>

#include "metadata/model.hpp"

namespace baton::apps {

/// The layer that `text` means: its name, or else its number. Errors: `not_found` naming the model
/// and what it has.
expected<std::uint32_t> find_layer(const metadata::model& m, const std::string& text);

/// The place of an input or output by name, among `which` (the model's inputs or outputs); nothing if there is none.
std::optional<std::size_t> place_of(const metadata::model& m, const std::vector<metadata::value_index>& which,
                                    const std::string& name);

/// "'image', 'mask'": the names of inputs or outputs, for errors.
std::string names_of(const metadata::model& m, const std::vector<metadata::value_index>& which);

} // namespace baton::apps
