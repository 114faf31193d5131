#include "apps/labels.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/repository.hpp"
#include "metadata/sized_file.hpp"

namespace baton::apps {

namespace fs = std::filesystem;

namespace {

/// A terminal obeys them.
bool is_control(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u < 0x20 && c != '\t') || u == 0x7F;
}

} // namespace

expected<std::vector<std::string>> read_labels(const fs::path& file) {
  const auto who = file.string() + ": ";
  auto opened = metadata::open_sized(file);
  if (!opened)
    return tl::unexpected(opened.error());
  if (opened->bytes > defaults::labels_bytes)
    return fail(errc::bad_argument, fmt::format("{}labels take {} bytes at most", who, defaults::labels_bytes));
  std::vector<std::string> labels;
  for (std::string line; std::getline(opened->in, line);) {
    if (line.ends_with('\r'))
      line.pop_back();
    if (std::any_of(line.begin(), line.end(), is_control))
      return fail(errc::bad_argument, fmt::format("{}line {} is not text", who, labels.size() + 1));
    if (labels.size() == defaults::labels)
      return fail(errc::bad_argument, fmt::format("{}has more than {} labels", who, defaults::labels));
    labels.push_back(std::move(line));
  }
  while (!labels.empty() && labels.back().empty())
    labels.pop_back();
  return labels;
}

std::optional<fs::path> find_labels(const fs::path& model_file) {
  std::error_code ignored;
  const auto folder = fs::absolute(model_file, ignored).lexically_normal().parent_path();
  std::vector<fs::path> places{folder};
  if (model_name_of(model_file) == folder.parent_path().filename())
    places.push_back(folder.parent_path());
  for (const auto& place : places)
    if (fs::is_regular_file(place / "labels.txt", ignored))
      return place / "labels.txt";
  return std::nullopt;
}

} // namespace baton::apps
