#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// Bytes of structs by their `inspect`: a number as groups of seven bits, lowest first, the eighth bit says that
/// another follows; signed ones folded (0, -1, 1, -2, ...); a text or vector as its length and what it holds. A point
/// in time is written as the difference to the one before, so that most take two bytes.
namespace baton::actors::trace {

class byte_writer {
public:
  template <class... Ts>
  bool operator()(const Ts&... xs) {
    (put(xs), ...);
    return true;
  }
  bool instant(const std::chrono::nanoseconds& x) {
    put(x - last_);
    last_ = x;
    return true;
  }
  void raw(std::string_view bytes) { bytes_ += bytes; }
  void tag(std::uint8_t x) { bytes_ += static_cast<char>(x); }

  const std::string& bytes() const { return bytes_; }
  /// The bytes are where they belong: what comes next follows them.
  void taken() {
    bytes_.clear();
    before_ = last_;
  }
  /// They are not: what comes next follows those taken before.
  void discard() {
    bytes_.clear();
    last_ = before_;
  }

private:
  void put(const std::string& x) {
    put(std::uint64_t{x.size()});
    bytes_ += x;
  }
  template <std::unsigned_integral T>
  void put(T x) {
    std::uint64_t rest = x;
    for (; rest >= 0x80; rest >>= 7)
      bytes_ += static_cast<char>(rest | 0x80);
    bytes_ += static_cast<char>(rest);
  }
  template <std::signed_integral T>
  void put(T x) {
    auto wide = static_cast<std::uint64_t>(std::int64_t{x});
    put((wide << 1) ^ (x < 0 ? ~std::uint64_t{0} : 0));
  }
  template <class T>
  requires std::is_enum_v<T>
  void put(T x) { put(static_cast<std::underlying_type_t<T>>(x)); }
  void put(std::chrono::nanoseconds x) { put(std::int64_t{x.count()}); }
  template <class T>
  void put(const std::vector<T>& xs) {
    put(std::uint64_t{xs.size()});
    for (const auto& x : xs)
      put(x);
  }
  template <class T>
  requires std::is_class_v<T>
  void put(const T& x) {
    inspect(*this, const_cast<T&>(x)); // inspect is one function for reading and writing; a writer only reads
  }

  std::string bytes_;
  std::chrono::nanoseconds last_{}, before_{};
};

/// Reads what `byte_writer` wrote. Once the bytes end or make no sense it reads zeros.
class byte_reader {
public:
  enum class state : std::uint8_t { good, ended, nonsense };
  static constexpr std::uint64_t longest_text = std::uint64_t{1} << 20;

  explicit byte_reader(std::string_view bytes) : bytes_(bytes) {}

  template <class... Ts>
  bool operator()(Ts&... xs) {
    (take(xs), ...);
    return good();
  }
  bool instant(std::chrono::nanoseconds& x) {
    std::int64_t difference = 0;
    take(difference);
    last_ = std::chrono::nanoseconds{
        static_cast<std::int64_t>(static_cast<std::uint64_t>(last_.count()) + static_cast<std::uint64_t>(difference))};
    x = last_;
    return good();
  }
  bool raw(std::string_view wanted) {
    auto found = bytes_.substr(at_, wanted.size());
    if (found != wanted.substr(0, found.size()))
      fail(state::nonsense);
    else if (found.size() < wanted.size())
      fail(state::ended);
    else
      at_ += wanted.size();
    return good();
  }
  std::uint8_t tag() {
    if (at_ >= bytes_.size())
      fail(state::ended);
    return good() ? static_cast<std::uint8_t>(bytes_[at_++]) : std::uint8_t{0};
  }

  state now() const { return state_; }
  bool good() const { return state_ == state::good; }
  bool at_end() const { return at_ == bytes_.size(); }
  std::size_t at() const { return at_; }

private:
  void fail(state why) {
    if (good())
      state_ = why;
  }
  void take(std::string& x) {
    std::uint64_t length = 0;
    take(length);
    if (length > longest_text)
      fail(state::nonsense);
    else if (length > bytes_.size() - at_)
      fail(state::ended);
    x = good() ? std::string(bytes_.substr(at_, length)) : std::string{};
    at_ += x.size();
  }
  template <std::unsigned_integral T>
  void take(T& x) {
    std::uint64_t all = 0;
    for (unsigned shift = 0; good(); shift += 7) {
      auto byte = tag();
      auto bits = std::uint64_t{byte} & 0x7F;
      if (shift > 63 || (shift == 63 && bits > 1))
        fail(state::nonsense);
      else
        all |= bits << shift;
      if ((byte & 0x80) == 0)
        break;
    }
    x = static_cast<T>(all);
    if (x != all)
      fail(state::nonsense);
    if (!good())
      x = 0;
  }
  template <std::signed_integral T>
  void take(T& x) {
    std::uint64_t folded = 0;
    take(folded);
    auto all = static_cast<std::int64_t>((folded >> 1) ^ ((folded & 1) != 0 ? ~std::uint64_t{0} : 0));
    x = static_cast<T>(all);
    if (x != all) {
      fail(state::nonsense);
      x = 0;
    }
  }
  template <class T>
  requires std::is_enum_v<T>
  void take(T& x) {
    std::underlying_type_t<T> number{};
    take(number);
    x = static_cast<T>(number);
  }
  void take(std::chrono::nanoseconds& x) {
    std::int64_t count = 0;
    take(count);
    x = std::chrono::nanoseconds{count};
  }
  template <class T>
  void take(std::vector<T>& xs) {
    std::uint64_t length = 0;
    take(length);
    xs.clear();
    for (std::uint64_t i = 0; i < length && good(); ++i) // one that is not there ends it
      take(xs.emplace_back());
  }
  template <class T>
  requires std::is_class_v<T>
  void take(T& x) { inspect(*this, x); }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::chrono::nanoseconds last_{};
  state state_ = state::good;
};

} // namespace baton::actors::trace
