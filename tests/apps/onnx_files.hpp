#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// Tiny model files for the tests of the program.
namespace baton::testing {

/// A folder that goes with its object.
class temporary_folder {
public:
  temporary_folder();
  ~temporary_folder();
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

private:
  std::filesystem::path path_;
};

/// x [N,3] -> Gemm "first" -> Relu -> Gemm "second" -> y [N,2].
void write_mlp(const std::filesystem::path& file);
/// tokens int64 [N,S] -> Gather "look_up" in a table of 10 -> y [N,S,4].
void write_embedding(const std::filesystem::path& file);
/// x [N,256] -> 40 x (Gemm + Relu), "layer_0" to "layer_39" -> y [N,256]: takes some time.
void write_deep(const std::filesystem::path& file);
/// x float32 of that shape (numbers and names) -> Relu -> y.
void write_relu(const std::filesystem::path& file, const std::vector<std::string>& shape);
/// A list of layers in the JSON form: input [N,3] -> linear -> relu -> linear -> output [N,2].
void write_listed(const std::filesystem::path& file);
/// Starts like an ONNX file, then ends.
void write_broken(const std::filesystem::path& file);
/// x [N,3] -> Einsum "strange_1", "strange_2", and an Add "sum" of shapes that do not fit -> y.
void write_flawed(const std::filesystem::path& file);

/// Fills `folder` with mlp (versions 1 and 2), embedding, deep, broken (not a model) and empty (no version).
void write_repository(const std::filesystem::path& folder);

} // namespace baton::testing
