#include "apps/repository.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace baton::apps {

namespace fs = std::filesystem;

namespace {

std::optional<std::int64_t> version_number(const std::string& text) {
  std::int64_t n = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (problem != std::errc{} || end != text.data() + text.size() || n < 1)
    return std::nullopt;
  return n;
}

found_model look_into(const fs::path& folder) {
  found_model m;
  m.name = folder.filename().string();
  std::error_code problem;
  for (fs::directory_iterator it{folder, problem}, end; !problem && it != end; it.increment(problem)) {
    std::error_code ignored;
    auto n = version_number(it->path().filename().string());
    if (n && *n > m.version && it->is_directory(ignored)) {
      m.version = *n;
      m.file = it->path() / "model.onnx";
    }
  }
  if (problem)
    m.problem = fmt::format("folder '{}' cannot be read: {}", folder.string(), problem.message());
  else if (m.version == 0)
    m.problem = fmt::format("folder '{}' has no version folder (1, 2, ...)", folder.string());
  else if (!fs::is_regular_file(m.file, problem))
    m.problem = fmt::format("file '{}' is not there", m.file.string());
  return m;
}

} // namespace

expected<std::vector<found_model>> scan_repository(const fs::path& dir) {
  std::error_code problem;
  if (!fs::is_directory(dir, problem))
    return fail(errc::not_found, fmt::format("model repository '{}' is not a folder", dir.string()));
  std::vector<found_model> found;
  fs::directory_iterator it{dir, problem};
  for (fs::directory_iterator end; !problem && it != end; it.increment(problem)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && !it->path().filename().string().starts_with('.'))
      found.push_back(look_into(it->path()));
  }
  if (problem)
    return fail(errc::io, fmt::format("model repository '{}' cannot be read: {}", dir.string(), problem.message()));
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

std::string model_name_of(const fs::path& file) {
  std::error_code ignored;
  auto whole = fs::absolute(file, ignored).lexically_normal();
  auto version = whole.parent_path();
  if (whole.filename() == "model.onnx" && version_number(version.filename().string())) {
    auto name = version.parent_path().filename().string();
    if (!name.empty())
      return name;
  }
  return whole.stem().string();
}

} // namespace baton::apps
