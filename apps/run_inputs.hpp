#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/symbols.hpp"
#include "metadata/model.hpp"

namespace baton::apps {

struct input_options {
  /// NAME=FILE (.npy, .pb), NAME=PICTURE[,PICTURE...] (PNG, JPEG) or NAME=random; the name may be left out if there is
  /// one input.
  std::vector<std::string> choices;
  std::optional<std::int64_t> batch; ///< rows of random inputs; of a file the first so many
  symbol_map symbols;
  std::uint64_t seed = 1;
  std::string preprocess; ///< of pictures, see `choose_preprocessing`
};

struct run_inputs {
  std::vector<metadata::tensor> tensors; ///< in the model's order
  std::vector<std::string> notes;        ///< what was done to pictures, a line each
};

/// The inputs of a run. Inputs not chosen are random: floats uniform in [-1, 1), integers uniform
/// over the rows of the table they look up (or 0 to 15); the same for the same seed everywhere.
/// Errors: `bad_argument` naming the choice, `not_found` and `io` naming the file, `bad_request` naming the input.
expected<run_inputs> make_inputs(const metadata::model& m, const input_options& options);

/// Splits "NAME=REST"; without a '=' the name is that of the only value in `which`. `what` is "input" or "output".
/// Errors: `bad_argument` for an unknown or missing name.
expected<std::pair<std::size_t, std::string>> split_choice(const metadata::model& m, const char* what,
                                                           const std::vector<metadata::value_index>& which,
                                                           const std::string& choice);

/// The first rows along axis 0. @pre there are as many
metadata::tensor rows_of(const metadata::tensor& t, std::int64_t first, std::int64_t count);

} // namespace baton::apps
