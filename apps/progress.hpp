#pragma once

#include <chrono>
#include <cstdio>
#include <string>

namespace baton::apps {

/// Progress of something that takes long: a bar that redraws itself on a terminal, a plain line now and then elsewhere.
class progress {
public:
  progress(std::FILE* out, std::string what);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// `fraction` from 0 to 1; `text` goes behind the bar.
  void update(double fraction, const std::string& text);
  /// Ends the line; also done by the destructor.
  void finish();

private:
  std::FILE* out_;
  std::string what_;
  bool terminal_;
  bool drawn_ = false;
  bool complete_ = false; ///< the last line has been written
  std::chrono::steady_clock::time_point last_line_{};
};

} // namespace baton::apps
