#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "actors/defaults.hpp"
#include "actors/trace/archive.hpp"
#include "actors/trace/entry.hpp"
#include "actors/trace/ring.hpp"
#include "gpu/device.hpp"
#include "metadata/model.hpp"

namespace baton::actors::trace {

heading names_of(const gpu::machine& m);

/// The message trace as a file. Every thread that records has a ring of its own; a thread of the recorder's takes from
/// all of them what is there, and writes it. At the size limit, or where the file cannot be written, the trace ends in
/// a marker that says so, and nothing else happens.
class recorder {
public:
  /// `zero`: what its times count from. Errors: `io` naming the file.
  static expected<std::unique_ptr<recorder>> open(const std::filesystem::path& file, heading names,
                                                  std::chrono::steady_clock::time_point zero,
                                                  std::uint64_t limit = defaults::trace_limit);
  ~recorder();
  recorder(const recorder&) = delete;
  recorder& operator=(const recorder&) = delete;

  time_point at(std::chrono::steady_clock::time_point t) const { return t - zero_; }
  time_point now() const { return at(std::chrono::steady_clock::now()); }
  /// Any thread. No lock and no allocation, but for a thread's first.
  void put(const record& r) noexcept;
  /// Any thread; not for hot paths.
  void add_model(model_id id, const metadata::model& m);
  /// Writes what is there and the marker. What is recorded later goes nowhere.
  void close();

private:
  using ring_type = ring<record, defaults::trace_ring>;
  struct source {
    ring_type entries;
    std::uint64_t dropped = 0; ///< of those that the file tells of
  };

  recorder(std::ofstream file, std::filesystem::path name, std::chrono::steady_clock::time_point zero,
           std::uint64_t limit);
  ring_type* ring_of_this_thread();
  void run();
  void drain();
  void write(const record& r);
  void flush();
  void end(const std::string& why);
  bool write_out();

  const std::uint64_t number_; ///< unlike any other recorder's of the process
  const std::chrono::steady_clock::time_point zero_;
  const std::uint64_t limit_;
  std::filesystem::path name_;

  // The writing thread's.
  std::ofstream file_;
  std::uint64_t written_ = 0;
  byte_writer out_;
  bool ended_ = false;

  std::atomic<std::uint64_t> homeless_{0}; ///< entries of threads beyond the most there may be

  std::mutex mutex_; ///< of what follows
  std::condition_variable closing_changed_;
  bool closing_ = false;
  std::map<std::thread::id, std::unique_ptr<source>> sources_;
  std::vector<model_named> models_;

  std::thread thread_;
};

} // namespace baton::actors::trace
