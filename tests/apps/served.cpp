#include "served.hpp"

#include <stdexcept>

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <spdlog/spdlog.h>

namespace baton::testing {

using namespace apps;

void quiet() {
  spdlog::set_level(spdlog::level::off);
}

served::served(http::server_options options, const std::string& devices, std::size_t max_open) {
  quiet();
  write_repository(folder_.path());
  actors::runtime_options r;
  r.devices = gpu::parse_devices(devices).value();
  r.machine.pin_threads = false;
  r.max_open_requests = max_open;
  runtime_ = actors::runtime::start(std::move(r)).value();
  models_ = catalog::open(*runtime_, {.load = {folder_.path(), {1}, {}}, .at_start = {}}).value();
  models_->start();
  models_->wait_started();
  options.port = 0;
  server_ = http::server::open(options, *runtime_, *models_).value();
  thread_ = std::thread{[this] { how_ = server_->run(); }};
}

served::~served() {
  stop();
}

http::server_address served::address() const {
  return http::resolve("http://127.0.0.1:" + std::to_string(server_->port())).value();
}

http::ending served::wait() {
  if (thread_.joinable())
    thread_.join();
  return how_;
}

http::ending served::stop() {
  if (thread_.joinable()) {
    server_->stop();
    thread_.join();
  }
  return how_;
}

std::string send_raw(const http::server_address& to, const std::string& bytes, std::chrono::milliseconds patience) {
  int s = ::socket(to.endpoint.data()->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (s < 0 || ::connect(s, to.endpoint.data(), static_cast<socklen_t>(to.endpoint.size())) != 0)
    throw std::runtime_error("cannot connect");
  timeval limit{patience.count() / 1000, patience.count() % 1000 * 1000};
  ::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  for (std::size_t sent = 0; sent < bytes.size();) {
    auto n = ::send(s, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0)
      break; // the server may have had enough
    sent += static_cast<std::size_t>(n);
  }
  std::string got;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::recv(s, buffer, sizeof buffer, 0)) > 0;)
    got.append(buffer, static_cast<std::size_t>(n));
  ::close(s);
  return got;
}

std::string deep_body(std::size_t rows, const std::string& parameters) {
  std::string body = R"({"parameters":)" + parameters + R"(,"inputs":[{"name":"x","datatype":"FP32","shape":[)"
                     + std::to_string(rows) + ",256],\"data\":[";
  for (std::size_t i = 0; i < rows * 256; ++i)
    body += i == 0 ? "1" : i % 3 == 0 ? ",0.5" : ",1";
  return body + "]}]}";
}

} // namespace baton::testing
