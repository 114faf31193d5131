#include "actors/engine_log_writer.hpp"

#include <utility>

#include <spdlog/spdlog.h>

namespace baton::actors {

expected<std::unique_ptr<engine_log_writer>> engine_log_writer::open(const std::filesystem::path& file,
                                                                     const scheduling::engine::config& initial,
                                                                     std::uint64_t limit) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  if (!out)
    return fail(errc::io, "engine log '" + file.string() + "': cannot be written");
  std::unique_ptr<engine_log_writer> writer(new engine_log_writer(std::move(out), file, limit));
  writer->buffer_ = scheduling::encode_header(initial);
  if (writer->buffer_.empty() || writer->buffer_.back() != '\n')
    writer->buffer_ += '\n';
  writer->flush();
  if (writer->stopped_)
    return fail(errc::io, "engine log '" + file.string() + "': cannot be written");
  return writer;
}

engine_log_writer::engine_log_writer(std::ofstream file, std::filesystem::path name, std::uint64_t limit)
    : file_(std::move(file)), name_(std::move(name)), limit_(limit) {}

engine_log_writer::~engine_log_writer() {
  flush();
}

void engine_log_writer::write(const scheduling::event& e, metadata::time_point now, const scheduling::actions& done) {
  if (stopped_)
    return;
  auto entry = scheduling::encode_entry(e, now, done);
  if (written_ + buffer_.size() + entry.size() > limit_) {
    stop("the log reached its limit of " + std::to_string(limit_) + " bytes");
    return;
  }
  buffer_ += entry;
  if (buffer_.size() >= defaults::engine_log_buffer || now - flushed_ >= defaults::engine_log_flush) {
    flush();
    flushed_ = now;
  }
}

void engine_log_writer::flush() {
  if (buffer_.empty())
    return;
  file_.write(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  file_.flush();
  written_ += buffer_.size();
  buffer_.clear();
  if (!file_ && !stopped_)
    stop("it could not be written to");
}

void engine_log_writer::stop(const std::string& why) {
  spdlog::warn("engine log '{}' stops: {}", name_.string(), why);
  stopped_ = true;
  file_.clear();
  buffer_ += '\n'; // a write cut short may have left half a line
  buffer_ += scheduling::encode_stop(why);
  if (buffer_.back() != '\n')
    buffer_ += '\n';
  flush();
}

} // namespace baton::actors
