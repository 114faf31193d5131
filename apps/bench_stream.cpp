#include "apps/bench_stream.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace baton::apps {

namespace {

/// Uniform in [0, 1), the same with every standard library.
double uniform(std::mt19937_64& random) {
  return static_cast<double>(random() >> 11U) * 0x1p-53;
}

bool same_bits(const metadata::tensor& a, const metadata::tensor& b) {
  return a.type() == b.type() && a.shape() == b.shape()
         && (a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0);
}

bool same_bits(const std::vector<http::named_tensor>& a, const std::vector<http::named_tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name && same_bits(x.value, y.value); });
}

} // namespace

bench_stream::bench_stream(boost::asio::io_context& io, http::server_address to, const workload& work,
                           std::uint64_t seed)
    : io_(io), to_(std::move(to)), work_(work), random_(seed), arrival_(io) {}

void bench_stream::start() {
  if (work_.spec.rate > 0) {
    next_ = clock::now();
    return next_arrival();
  }
  for (std::size_t i = 0; i < work_.spec.concurrency; ++i)
    send(std::make_shared<http::connection>(io_, to_), clock::now());
}

void bench_stream::stop() {
  stopping_ = true;
  waiting_.clear();
  arrival_.cancel();
}

void bench_stream::next_arrival() {
  auto gap = -std::log(1.0 - uniform(random_)) / work_.spec.rate;
  next_ += std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(gap));
  arrival_.expires_at(next_);
  arrival_.async_wait([this](boost::system::error_code e) {
    if (e || stopping_)
      return;
    arrive(next_);
    next_arrival();
  });
}

void bench_stream::arrive(clock::time_point when) {
  if (waiting_.size() >= defaults::stream_backlog)
    return failed("the server is too slow for the rate: too many requests wait in the generator");
  waiting_.push_back(when);
  pump();
}

void bench_stream::pump() {
  while (!waiting_.empty() && (!idle_.empty() || connections_ < defaults::stream_connections)) {
    std::shared_ptr<http::connection> over;
    if (idle_.empty()) {
      over = std::make_shared<http::connection>(io_, to_);
      ++connections_;
    } else {
      over = std::move(idle_.back());
      idle_.pop_back();
    }
    auto begun = waiting_.front();
    waiting_.pop_front();
    send(std::move(over), begun);
  }
}

void bench_stream::send(std::shared_ptr<http::connection> over, clock::time_point begun) {
  sent s{begun, windows_sent_++ % work_.inputs.size(), false, counting_};
  std::optional<std::pair<std::size_t, std::size_t>> move;
  if (uniform(random_) < work_.spec.move_fraction) {
    move.emplace(random_() % work_.devices, random_() % (work_.layers - 1)); // behind the last nothing is left to move
    s.moves = true;
  }
  ++under_way_;
  auto* c = over.get();
  c->call(boost::beast::http::verb::post, fmt::format("/v2/models/{}/infer", work_.spec.model),
          work_.body(s.window, move), defaults::answer_timeout,
          [this, over = std::move(over), s](expected<http::http_reply> r) { answered(over, s, std::move(r)); });
}

void bench_stream::answered(const std::shared_ptr<http::connection>& over, const sent& s,
                            expected<http::http_reply> r) {
  --under_way_;
  bool good = false;
  if (s.counted)
    ++result_.requests;
  if (!r) {
    failed(r.error().message);
  } else if (r->status != 200) {
    failed(fmt::format("status {}: {}", r->status, r->body.substr(0, 300)));
  } else if (auto reply = http::decode_answer(r->body); !reply) {
    failed(reply.error().message);
  } else {
    good = true;
    if (s.counted)
      result_.latencies_ms.push_back(std::chrono::duration<double, std::milli>(clock::now() - s.begun).count());
    check(s, *reply);
  }
  if (stopping_)
    return over->close();
  if (work_.spec.rate > 0) {
    idle_.push_back(over);
    return pump();
  }
  if (good)
    return send(over, clock::now());
  // A server that is gone must not be hammered.
  auto pause = std::make_shared<boost::asio::steady_timer>(io_, defaults::retry_pause);
  pause->async_wait([this, over, pause](boost::system::error_code e) {
    if (!e && !stopping_)
      send(over, clock::now());
  });
}

void bench_stream::check(const sent& s, const http::infer_reply& reply) {
  if (!work_.expected.empty()) {
    bool same = same_bits(reply.outputs, work_.expected[s.window]);
    if (!same)
      ++result_.wrong;
    if (s.counted) {
      ++result_.checked;
      result_.correct += same ? 1 : 0;
    }
  }
  if (!s.counted)
    return;
  result_.to_move += s.moves ? 1 : 0;
  result_.preemptions += reply.preemptions;
  result_.moves += reply.moves;
  if (!work_.spec.labels)
    return;
  auto output = std::find_if(reply.outputs.begin(), reply.outputs.end(),
                             [&](const auto& o) { return work_.spec.output.empty() || o.name == work_.spec.output; });
  if (output == reply.outputs.end() || output->value.type() != metadata::element_type::float32)
    return;
  auto rows = static_cast<std::size_t>(work_.spec.batch);
  auto columns = output->value.elements() / rows;
  auto labels = work_.spec.labels->as<std::int64_t>().subspan(s.window * rows, rows);
  for (std::size_t i = 0; i < rows && columns > 0; ++i) {
    auto row = output->value.as<float>().subspan(i * columns, columns);
    ++result_.labelled;
    result_.matched += std::max_element(row.begin(), row.end()) - row.begin() == labels[i] ? 1 : 0;
  }
}

void bench_stream::failed(std::string why) {
  ++result_.errors;
  if (result_.first_error.empty())
    result_.first_error = std::move(why);
}

} // namespace baton::apps
