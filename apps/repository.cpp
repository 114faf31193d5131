#include "apps/repository.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "apps/defaults.hpp"

namespace baton::apps {

namespace fs = std::filesystem;

namespace {

/// What a version's file is called if its configuration names none.
constexpr auto onnx_file = "model.onnx";
constexpr auto json_file = "model.json";

/// Triton's rule: a number without leading zeros; other folders are passed over.
std::optional<std::int64_t> version_number(const std::string& text) {
  std::int64_t n = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (problem != std::errc{} || end != text.data() + text.size() || n < 1 || text.front() == '0')
    return std::nullopt;
  return n;
}

/// Nothing if there is no such file. Never opens what is not a plain file: a pipe would block.
expected<std::optional<std::string>> read_config(const fs::path& file) {
  std::error_code problem;
  auto kind = fs::status(file, problem).type();
  if (kind == fs::file_type::not_found && !fs::is_symlink(fs::symlink_status(file, problem)))
    return std::nullopt;
  auto wrong = [&](const std::string& why) {
    return fail(errc::bad_model, fmt::format("file '{}' {}", file.string(), why));
  };
  if (kind != fs::file_type::regular)
    return wrong("is not a plain file");
  if (fs::file_size(file, problem) > defaults::config_limit || problem)
    return wrong(fmt::format("is larger than {} bytes", defaults::config_limit));
  std::ifstream in{file, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in && !in.eof())
    return wrong("cannot be read");
  return text;
}

expected<std::vector<std::int64_t>> version_folders(const fs::path& folder) {
  std::vector<std::int64_t> numbers;
  std::error_code problem;
  for (fs::directory_iterator it{folder, problem}, end; !problem && it != end; it.increment(problem)) {
    std::error_code ignored;
    auto n = version_number(it->path().filename().string());
    if (n && it->is_directory(ignored))
      numbers.push_back(*n);
  }
  if (problem)
    return fail(errc::io, fmt::format("folder '{}' cannot be read: {}", folder.string(), problem.message()));
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// The model's file: the one that is named, else whichever of the two forms is there.
found_version find_version(const fs::path& folder, std::int64_t number, const std::string& named) {
  std::error_code ignored;
  found_version v{number, folder / (named.empty() ? onnx_file : named.c_str()), {}, {}};
  const auto there = fs::is_regular_file(v.file, ignored);
  if (named.empty()) {
    v.rival = folder / json_file;
    if (fs::is_regular_file(v.rival, ignored)) {
      if (there)
        v.problem = fmt::format("'{}' has both {} and {}: which of them?", folder.string(), onnx_file, json_file);
      else
        std::swap(v.file, v.rival);
      return v;
    }
  }
  if (!there)
    v.problem = fmt::format("file '{}' is not there{}", v.file.string(),
                            named.empty() ? fmt::format(", nor is {}", json_file) : "");
  return v;
}

expected<void> look_for_versions(found_model& m) {
  auto there = version_folders(m.folder);
  if (!there)
    return tl::unexpected(there.error());
  if (there->empty())
    return fail(errc::bad_model, fmt::format("folder '{}' has no version folder (1, 2, ...)", m.folder.string()));
  auto chosen = m.config.versions.choose(*there);
  if (chosen.empty())
    return fail(errc::bad_model, "its version_policy names none of the versions there are");
  if (chosen.size() > defaults::versions_served)
    return fail(errc::bad_model, fmt::format("its version_policy chooses {} versions, {} may be served", chosen.size(),
                                             defaults::versions_served));
  for (auto n : chosen) {
    m.versions.push_back(find_version(m.folder / std::to_string(n), n, m.config.file));
  }
  return {};
}

found_model look_into(const fs::path& folder) {
  found_model m;
  m.name = folder.filename().string();
  m.folder = folder;
  auto text = read_config(folder / "config.pbtxt");
  if (!text) {
    m.problem = text.error().message;
  } else if (*text) {
    m.config_text = std::move(**text);
    if (auto config = parse_model_config(m.config_text))
      m.config = std::move(*config);
    else
      m.problem = "config.pbtxt: " + config.error().message;
  }
  if (m.problem.empty() && !m.config.name.empty() && m.config.name != m.name)
    m.problem = fmt::format("config.pbtxt is for '{}', the folder is '{}'", m.config.name, m.name);
  if (auto found = look_for_versions(m); !found && m.problem.empty())
    m.problem = found.error().message;
  return m;
}

/// A link into a circle or to nowhere, or a folder that may not be looked at: it is meant to be a model, so it is
/// reported. Nothing for what is no folder.
std::optional<found_model> consider(const fs::directory_entry& entry) {
  auto name = entry.path().filename().string();
  if (name.starts_with('.'))
    return std::nullopt;
  std::error_code problem;
  auto kind = entry.status(problem).type();
  if (kind == fs::file_type::directory)
    return look_into(entry.path());
  std::error_code ignored;
  if (!entry.is_symlink(ignored) || kind == fs::file_type::regular)
    return std::nullopt;
  found_model m;
  m.name = name;
  m.folder = entry.path();
  m.problem = fmt::format("'{}' leads to no folder{}{}", entry.path().string(), problem ? ": " : "",
                          problem ? problem.message() : "");
  return m;
}

} // namespace

expected<std::vector<found_model>> scan_repository(const fs::path& dir) {
  std::error_code problem;
  if (!fs::is_directory(dir, problem))
    return fail(errc::not_found, fmt::format("model repository '{}' is not a folder", dir.string()));
  std::vector<found_model> found;
  fs::directory_iterator it{dir, problem};
  for (fs::directory_iterator end; !problem && it != end; it.increment(problem))
    if (auto m = consider(*it))
      found.push_back(std::move(*m));
  if (problem)
    return fail(errc::io, fmt::format("model repository '{}' cannot be read: {}", dir.string(), problem.message()));
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return found;
}

expected<found_model> scan_model(const fs::path& dir, const std::string& name) {
  bool possible =
      !name.empty() && !name.starts_with('.') && name.find_first_of(std::string_view{"/\0", 2}) == std::string::npos;
  std::error_code problem;
  fs::directory_entry entry;
  if (possible)
    entry.assign(dir / name, problem);
  auto found = possible && fs::symlink_status(dir / name, problem).type() != fs::file_type::not_found ? consider(entry)
                                                                                                      : std::nullopt;
  if (!found)
    return fail(errc::not_found, fmt::format("there is no model '{}' in the repository", name));
  return std::move(*found);
}

std::string model_name_of(const fs::path& file) {
  std::error_code ignored;
  auto whole = fs::absolute(file, ignored).lexically_normal();
  auto version = whole.parent_path();
  const auto usual = whole.filename() == onnx_file || whole.filename() == json_file;
  if (usual && version_number(version.filename().string())) {
    auto name = version.parent_path().filename().string();
    if (!name.empty())
      return name;
  }
  return whole.stem().string();
}

} // namespace baton::apps
