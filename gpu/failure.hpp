#pragma once

#include <exception>
#include <string>
#include <utility>

#include "metadata/error.hpp"

namespace baton::gpu {

/// How errors travel inside this room. Nothing leaves it thrown: the backends turn it into `expected` at the border.
class failure : public std::exception {
public:
  explicit failure(error e) : error_(std::move(e)) {}
  const error& why() const { return error_; }
  const char* what() const noexcept override { return error_.message.c_str(); }

private:
  error error_;
};

[[noreturn]] inline void raise(errc code, std::string message) {
  throw failure({code, std::move(message)});
}

/// The value, or its error thrown.
template <class T>
T value_or_raise(expected<T> x) {
  if (!x)
    throw failure(std::move(x.error()));
  return std::move(*x);
}

} // namespace baton::gpu
