#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "metadata/tensor.hpp"

/// The client of the benchmark of the door: a process of its own, so that its CPU time is not the server's.
namespace baton::bench {

inline constexpr const char* http_model = "digits_cnn";
inline constexpr std::chrono::milliseconds http_slice{300}; ///< of one case in one round

enum class way : std::uint8_t { direct, binary, json };

/// What a client is asked to do; goes through a pipe.
struct order {
  way how = way::binary;
  std::uint16_t port = 0;
  std::uint32_t concurrency = 1;
};
/// What came of it, in microseconds but for `seconds`.
struct outcome {
  double requests = 0;
  double seconds = 0;
  double p99 = 0;
};

using http_clock = std::chrono::steady_clock;

/// Latencies in microseconds.
outcome summary_of(std::vector<double> latencies, http_clock::duration took);
double us_since(http_clock::time_point begun);
/// Throws std::runtime_error.
[[noreturn]] void give_up(const std::string& why);

/// What every request asks about.
metadata::tensor image();

/// A child that answers orders until its pipe closes. To be made before there are threads.
class client_process {
public:
  client_process();
  ~client_process();
  client_process(const client_process&) = delete;
  client_process& operator=(const client_process&) = delete;

  outcome run(const order& o);

private:
  pid_t child_ = -1;
  int to_ = -1, from_ = -1;
};

} // namespace baton::bench
