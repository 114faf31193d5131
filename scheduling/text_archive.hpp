#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// Text form of the protocol's structs by their `inspect`: fields separated by blanks, numbers in decimal, a vector as
/// its length and its items, a string in quotes with %XX for what is not plain. For the engine log; lossless.
namespace baton::scheduling {

class text_writer {
public:
  template <class... Ts>
  bool operator()(const Ts&... xs) {
    (put(xs), ...);
    return true;
  }
  void word(std::string_view w) {
    separate();
    text_ += w;
  }
  std::string text() && { return std::move(text_); }
  const std::string& text() const& { return text_; }

private:
  void separate() {
    if (!text_.empty())
      text_ += ' ';
  }
  void put(bool x) { word(x ? "1" : "0"); }
  void put(const std::string& x);
  template <std::integral T>
  void put(T x) {
    char buffer[24];
    auto end = std::to_chars(buffer, buffer + sizeof buffer, x).ptr;
    word({buffer, static_cast<std::size_t>(end - buffer)});
  }
  template <class T>
  requires std::is_enum_v<T>
  void put(T x) { put(static_cast<std::underlying_type_t<T>>(x)); }
  void put(std::chrono::nanoseconds x) { put(x.count()); }
  template <class T>
  void put(const std::vector<T>& xs) {
    put(xs.size());
    for (const auto& x : xs)
      put(x);
  }
  template <class T>
  requires std::is_class_v<T>
  void put(const T& x) {
    inspect(*this, const_cast<T&>(x)); // inspect is one function for reading and writing; a writer only reads
  }

  std::string text_;
};

/// Reads what `text_writer` wrote. After a malformed or missing field `ok()` is false and everything read is default.
class text_reader {
public:
  explicit text_reader(std::string_view text) : rest_(text) {}

  template <class... Ts>
  bool operator()(Ts&... xs) {
    (take(xs), ...);
    return ok_;
  }
  std::string_view word();
  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

private:
  void take(bool& x) { x = word() == "1"; }
  void take(std::string& x);
  template <std::integral T>
  void take(T& x) {
    auto w = word();
    auto [end, problem] = std::from_chars(w.data(), w.data() + w.size(), x);
    if (problem != std::errc{} || end != w.data() + w.size() || w.empty()) {
      ok_ = false;
      x = {};
    }
  }
  template <class T>
  requires std::is_enum_v<T>
  void take(T& x) {
    std::underlying_type_t<T> raw{};
    take(raw);
    x = static_cast<T>(raw);
  }
  void take(std::chrono::nanoseconds& x) {
    std::int64_t raw = 0;
    take(raw);
    x = std::chrono::nanoseconds{raw};
  }
  template <class T>
  void take(std::vector<T>& xs) {
    std::size_t n = 0;
    take(n);
    xs.clear();
    if (n > rest_.size()) { // each item takes a character at least
      ok_ = false;
      return;
    }
    for (std::size_t i = 0; i < n && ok_; ++i)
      take(xs.emplace_back());
  }
  template <class T>
  requires std::is_class_v<T>
  void take(T& x) { inspect(*this, x); }

  std::string_view rest_;
  bool ok_ = true;
};

} // namespace baton::scheduling
