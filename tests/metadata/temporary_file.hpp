#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

namespace baton::testing {

/// A file of this process that is gone at the end of the scope.
class temporary_file {
public:
  explicit temporary_file(const std::string& suffix) {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path()
            / ("baton_" + std::to_string(::getpid()) + '_' + std::to_string(count++) + suffix);
  }
  ~temporary_file() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

private:
  std::filesystem::path path_;
};

} // namespace baton::testing
