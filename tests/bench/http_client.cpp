#include "tests/bench/http_client.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>

#include <netinet/in.h>
#include <poll.h>

#include "apps/http/infer_codec.hpp"
#include "tests/bench/measure.hpp"

namespace baton::bench {

outcome summary_of(std::vector<double> latencies, http_clock::duration took) {
  auto n = static_cast<double>(latencies.size());
  return {n, std::chrono::duration<double>(took).count(), percentile(std::move(latencies), 0.99)};
}

double us_since(http_clock::time_point begun) {
  return std::chrono::duration<double, std::micro>(http_clock::now() - begun).count();
}

[[noreturn]] void give_up(const std::string& why) {
  throw std::runtime_error(why);
}

metadata::tensor image() {
  metadata::tensor t{metadata::element_type::float32, {1, 1, 8, 8}};
  for (std::size_t i = 0; i < t.elements(); ++i)
    t.as_mutable<float>()[i] = static_cast<float>(i * 7 % 17) / 16;
  return t;
}

namespace {

std::string request_of(way how) {
  auto t = image();
  std::string head, bytes;
  if (how == way::binary) {
    head = R"({"inputs":[{"name":"image","shape":[1,1,8,8],"datatype":"FP32","parameters":{"binary_data_size":256}}],)"
           R"("parameters":{"binary_data_output":true}})";
    bytes.assign(reinterpret_cast<const char*>(t.data()), t.bytes());
  } else {
    const apps::http::named_tensor one[]{{"image", t}};
    head = "{" + apps::http::encode_inputs(one, true).value().json + "}";
  }
  std::string text = std::string{"POST /v2/models/"} + http_model + "/infer HTTP/1.1\r\nHost: localhost\r\n";
  if (how == way::binary)
    text += "Inference-Header-Content-Length: " + std::to_string(head.size()) + "\r\n";
  return text + "Content-Length: " + std::to_string(head.size() + bytes.size()) + "\r\n\r\n" + head + bytes;
}

class client_connection {
public:
  explicit client_connection(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      give_up("the client cannot connect");
  }
  ~client_connection() { ::close(socket_); }
  client_connection(const client_connection&) = delete;
  client_connection& operator=(const client_connection&) = delete;

  void ask(const std::string& request) {
    begun_ = http_clock::now();
    got_.clear();
    if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
      give_up("the client cannot send");
  }
  /// True if the answer is complete.
  bool read() {
    char buffer[16384];
    auto n = ::recv(socket_, buffer, sizeof buffer, 0);
    if (n <= 0)
      give_up("the server has closed");
    got_.append(buffer, static_cast<std::size_t>(n));
    auto end = got_.find("\r\n\r\n");
    if (end == got_.npos)
      return false;
    if (!got_.starts_with("HTTP/1.1 200"))
      give_up("the server answers: " + got_);
    auto length = got_.find("Content-Length: ");
    return got_.size() >= end + 4 + std::strtoul(got_.c_str() + length + 16, nullptr, 10);
  }
  double latency() const { return us_since(begun_); }
  int socket() const { return socket_; }

private:
  int socket_;
  http_clock::time_point begun_;
  std::string got_;
};

outcome run_client(const order& o) {
  auto request = request_of(o.how);
  std::vector<std::unique_ptr<client_connection>> all;
  std::vector<pollfd> watched;
  for (std::uint32_t i = 0; i < o.concurrency; ++i) {
    all.push_back(std::make_unique<client_connection>(o.port));
    watched.push_back({all.back()->socket(), POLLIN, 0});
  }
  std::vector<double> latencies;
  auto begun = http_clock::now();
  auto end = begun + http_slice;
  auto open = all.size();
  for (auto& c : all)
    c->ask(request);
  while (open > 0) {
    ::poll(watched.data(), watched.size(), -1);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!(watched[i].revents & POLLIN) || !all[i]->read())
        continue;
      latencies.push_back(all[i]->latency());
      if (http_clock::now() < end)
        all[i]->ask(request);
      else
        --open, watched[i].fd = -1;
    }
  }
  return summary_of(std::move(latencies), http_clock::now() - begun);
}

} // namespace

client_process::client_process() {
  int there[2], back[2];
  if (::pipe(there) != 0 || ::pipe(back) != 0)
    give_up("no pipe");
  child_ = ::fork();
  if (child_ == 0) {
    ::close(there[1]);
    ::close(back[0]);
    order o;
    while (::read(there[0], &o, sizeof o) == sizeof o) {
      outcome r;
      try {
        r = run_client(o);
      } catch (const std::exception& e) {
        std::fprintf(stderr, "client: %s\n", e.what());
        ::_exit(1);
      }
      if (::write(back[1], &r, sizeof r) != sizeof r)
        break;
    }
    ::_exit(0);
  }
  ::close(there[0]);
  ::close(back[1]);
  to_ = there[1];
  from_ = back[0];
}

client_process::~client_process() {
  ::close(to_);
  ::close(from_);
  ::waitpid(child_, nullptr, 0);
}

outcome client_process::run(const order& o) {
  outcome r;
  if (::write(to_, &o, sizeof o) != sizeof o || ::read(from_, &r, sizeof r) != sizeof r)
    give_up("the client has died");
  return r;
}

} // namespace baton::bench
