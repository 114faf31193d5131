#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "metadata/error.hpp"
#include "metadata/kernel_choices.hpp"

struct sqlite3;

namespace baton::metadata {

/// What is dear to find out, kept from one start to the next in a SQLite file that several processes may share. It is a
/// cache: once it is open nothing fails, what cannot be read is not known, what cannot be written is known to this
/// process alone. Thread-safe.
class store final : public kernel_choices {
public:
  /// Opens or makes the file, and its folders. Errors: `io`, naming the file.
  static expected<std::shared_ptr<store>> open(const std::filesystem::path& file);
  ~store() override;
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  std::optional<std::string> find(const kernel_problem& of) override;
  std::string keep(const kernel_problem& of, std::string_view choice) override;
  void replace(const kernel_problem& of, std::string_view choice) override;

private:
  explicit store(sqlite3* file) : file_(file) {}

  std::mutex mutex_;
  sqlite3* const file_;
  process_choices known_; ///< what this process has seen
};

} // namespace baton::metadata
