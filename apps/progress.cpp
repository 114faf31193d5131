#include "apps/progress.hpp"

#include <algorithm>
#include <unistd.h>

#include <fmt/format.h>

#include "apps/defaults.hpp"

namespace baton::apps {

namespace {
constexpr int bar_width = 30;
}

progress::progress(std::FILE* out, std::string what)
    : out_(out), what_(std::move(what)), terminal_(::isatty(::fileno(out)) == 1) {}

progress::~progress() {
  finish();
}

void progress::update(double fraction, const std::string& text) {
  fraction = std::clamp(fraction, 0.0, 1.0);
  auto percent = static_cast<int>(fraction * 100);
  if (terminal_) {
    auto filled = static_cast<std::size_t>(fraction * bar_width);
    auto bar = std::string(filled, '#') + std::string(bar_width - filled, '.');
    fmt::print(out_, "\r{} [{}] {:3}%  {}\033[K", what_, bar, percent, text);
    drawn_ = true;
  } else {
    auto now = std::chrono::steady_clock::now();
    bool first = last_line_ == std::chrono::steady_clock::time_point{};
    bool due = fraction < 1.0 ? first || now - last_line_ >= defaults::progress_line_interval : !complete_;
    if (!due)
      return;
    complete_ = fraction >= 1.0;
    last_line_ = now;
    fmt::print(out_, "{} {:3}%  {}\n", what_, percent, text);
  }
  std::fflush(out_);
}

void progress::finish() {
  if (drawn_)
    fmt::print(out_, "\n");
  std::fflush(out_);
  drawn_ = false;
}

} // namespace baton::apps
