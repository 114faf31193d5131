#include "apps/jpeg_check.hpp"

#include <cstddef>

namespace baton::apps {

namespace {

constexpr unsigned define_huffman = 0xC4, end_of_image = 0xD9, first_restart = 0xD0, last_restart = 0xD7;
constexpr std::size_t most_codes = 256;

class walker {
public:
  explicit walker(std::string_view bytes) : bytes_(bytes) {}

  bool run() {
    while (true) {
      const auto marker = next_marker();
      if (at_ >= bytes_.size() || marker == end_of_image)
        return true;
      if (marker == 0 || (marker >= first_restart && marker <= last_restart))
        continue; // part of a scan's data
      const auto length = byte(at_) << 8U | byte(at_ + 1);
      if (length < 2)
        return true; // stb gives up
      if (marker == define_huffman && !sound_tables(at_ + 2, length - 2))
        return false;
      at_ += length;
    }
  }

private:
  /// Beyond the end stb reads zeros.
  std::size_t byte(std::size_t at) const { return at < bytes_.size() ? static_cast<unsigned char>(bytes_[at]) : 0U; }

  /// The byte behind the next run of 0xFF, and goes behind it.
  std::size_t next_marker() {
    at_ = bytes_.find('\xFF', at_);
    at_ = at_ == bytes_.npos ? at_ : bytes_.find_first_not_of('\xFF', at_);
    if (at_ == bytes_.npos) {
      at_ = bytes_.size();
      return 0;
    }
    return byte(at_++);
  }

  bool sound_tables(std::size_t at, std::size_t left) const {
    while (left > 0) {
      std::size_t codes = 0;
      for (std::size_t i = 1; i <= 16; ++i)
        codes += byte(at + i);
      if (codes > most_codes)
        return false;
      const auto taken = 17 + codes;
      at += taken;
      left -= taken < left ? taken : left;
    }
    return true;
  }

  std::string_view bytes_;
  std::size_t at_ = 2; // behind the start marker
};

} // namespace

bool has_sound_huffman_tables(std::string_view jpeg) {
  return walker{jpeg}.run();
}

} // namespace baton::apps
