#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "apps/bench_mix.hpp"

namespace baton::apps {

/// What a stream has seen. Errors and wrong answers count from the start, the rest from the end of the warm-up.
struct stream_result {
  std::uint64_t requests = 0, errors = 0;
  std::uint64_t checked = 0, correct = 0, wrong = 0;
  std::uint64_t labelled = 0, matched = 0;  ///< rows
  std::uint64_t to_move = 0;                ///< answered requests that were sent to be moved
  std::uint64_t preemptions = 0, moves = 0; ///< of the answered requests, as their answers say
  std::vector<double> latencies_ms;
  std::string first_error;
};

/// Drives one stream over HTTP, in its context's thread. Its random choices are the same for the same seed.
class bench_stream {
public:
  bench_stream(boost::asio::io_context& io, http::server_address to, const workload& work, std::uint64_t seed);

  void start();
  void end_warm_up() { counting_ = true; }
  /// No new requests; those under way come to their end.
  void stop();
  bool busy() const { return under_way_ > 0; }
  const stream_result& result() const { return result_; }

private:
  using clock = std::chrono::steady_clock;
  /// A request under way.
  struct sent {
    clock::time_point begun; ///< closed loop: when sent; open loop: when it arrived, its wait here included
    std::size_t window = 0;
    bool moves = false;
    bool counted = false;
  };

  void next_arrival();
  void arrive(clock::time_point when);
  void pump();
  void send(std::shared_ptr<http::connection> over, clock::time_point begun);
  void answered(const std::shared_ptr<http::connection>& over, const sent& s, expected<http::http_reply> r);
  void check(const sent& s, const http::infer_reply& reply);
  void failed(std::string why);

  boost::asio::io_context& io_;
  http::server_address to_;
  const workload& work_;
  std::mt19937_64 random_;
  boost::asio::steady_timer arrival_;
  clock::time_point next_;
  std::deque<clock::time_point> waiting_;
  std::vector<std::shared_ptr<http::connection>> idle_;
  std::size_t connections_ = 0;
  std::size_t under_way_ = 0;
  std::size_t windows_sent_ = 0;
  bool counting_ = false;
  bool stopping_ = false;
  stream_result result_;
};

} // namespace baton::apps
