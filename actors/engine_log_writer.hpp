#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "actors/defaults.hpp"
#include "scheduling/engine_log.hpp"

namespace baton::actors {

/// The engine log as a file. Lossless until it stops, at its size limit or at a write error; then it ends in a marker
/// that says so. Thread: its owner's.
class engine_log_writer {
public:
  /// Errors: `io` naming the file.
  static expected<std::unique_ptr<engine_log_writer>> open(const std::filesystem::path& file,
                                                           const scheduling::engine::config& initial,
                                                           std::uint64_t limit = defaults::engine_log_limit);
  ~engine_log_writer();
  engine_log_writer(const engine_log_writer&) = delete;
  engine_log_writer& operator=(const engine_log_writer&) = delete;

  void write(const scheduling::event& e, metadata::time_point now, const scheduling::actions& done);
  void flush();
  bool stopped() const { return stopped_; }

private:
  engine_log_writer(std::ofstream file, std::filesystem::path name, std::uint64_t limit);
  void stop(const std::string& why);

  std::ofstream file_;
  std::filesystem::path name_;
  std::uint64_t limit_;
  std::uint64_t written_ = 0;
  std::string buffer_;
  metadata::time_point flushed_{};
  bool stopped_ = false;
};

} // namespace baton::actors
