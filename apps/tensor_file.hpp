#pragma once

#include <filesystem>
#include <string>

#include "metadata/error.hpp"
#include "metadata/tensor.hpp"

namespace baton::apps {

/// The files that hold inputs.
enum class input_file_kind : std::uint8_t { npy, tensor_pb, picture };

/// Told by how the file begins, and where that says nothing by the end of its name (.npy, .pb, .png, .jpg, .jpeg).
/// Errors: `not_found`, `io`, `bad_argument` (none of them); each names the file.
expected<input_file_kind> kind_of_file(const std::filesystem::path& file);

/// Reads a `.npy` or `.pb` file. @pre `kind` is not `picture`. Errors: those of `read_npy` and `read_tensor_pb`.
expected<metadata::tensor> read_tensor_file(const std::filesystem::path& file, input_file_kind kind);

/// Whether `write_tensor_file` knows the end of that name, and there is such a folder. Errors: `bad_argument` and
/// `not_found` naming the file.
expected<void> check_tensor_file(const std::filesystem::path& file);
/// Writes a `.pb` file (an ONNX tensor called `name`) or else a `.npy` file. Errors: those of writing either.
expected<void> write_tensor_file(const std::filesystem::path& file, const metadata::tensor& t, const std::string& name);

} // namespace baton::apps
