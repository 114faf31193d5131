// What HTTP costs: a tiny CNN at concurrency 1, 8 and 64 through the door, binary and JSON, beside direct calls.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <netinet/in.h>
#include <poll.h>
#include <spdlog/spdlog.h>

#include "apps/catalog.hpp"
#include "apps/http/infer_codec.hpp"
#include "apps/http/server.hpp"
#include "tests/bench/measure.hpp"

namespace {

using namespace baton;
using clock_type = std::chrono::steady_clock;

constexpr const char* model_name = "digits_cnn";
constexpr std::int64_t slice_ms = 300; ///< of one case in one round

enum class way : std::uint8_t { direct, binary, json };

/// What a client is asked to do; goes through a pipe.
struct order {
  way how = way::binary;
  std::uint16_t port = 0;
  std::uint32_t concurrency = 1;
};
/// What came of it, in microseconds.
struct outcome {
  double requests = 0;
  double seconds = 0;
  double p99 = 0;
};

outcome summary_of(std::vector<double> latencies, clock_type::duration took) {
  auto n = static_cast<double>(latencies.size());
  return {n, std::chrono::duration<double>(took).count(), bench::percentile(std::move(latencies), 0.99)};
}

double us_since(clock_type::time_point begun) {
  return std::chrono::duration<double, std::micro>(clock_type::now() - begun).count();
}

[[noreturn]] void give_up(const std::string& why) {
  throw std::runtime_error(why);
}

// -- the client: a process of its own, so that its CPU time is not the server's ---------------------------------------

metadata::tensor image() {
  metadata::tensor t{metadata::element_type::float32, {1, 1, 8, 8}};
  for (std::size_t i = 0; i < t.elements(); ++i)
    t.as_mutable<float>()[i] = static_cast<float>(i * 7 % 17) / 16;
  return t;
}

std::string request_of(way how) {
  auto t = image();
  std::string head, bytes;
  if (how == way::binary) {
    head = R"({"inputs":[{"name":"image","shape":[1,1,8,8],"datatype":"FP32","parameters":{"binary_data_size":256}}],)"
           R"("parameters":{"binary_data_output":true}})";
    bytes.assign(reinterpret_cast<const char*>(t.data()), t.bytes());
  } else {
    const apps::http::named_tensor one[]{{"image", t}};
    head = "{" + apps::http::encode_inputs(one).value() + "}";
  }
  std::string text = std::string{"POST /v2/models/"} + model_name + "/infer HTTP/1.1\r\nHost: localhost\r\n";
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
    begun_ = clock_type::now();
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
  clock_type::time_point begun_;
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
  auto begun = clock_type::now();
  auto end = begun + std::chrono::milliseconds{slice_ms};
  auto open = all.size();
  for (auto& c : all)
    c->ask(request);
  while (open > 0) {
    ::poll(watched.data(), watched.size(), -1);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!(watched[i].revents & POLLIN) || !all[i]->read())
        continue;
      latencies.push_back(all[i]->latency());
      if (clock_type::now() < end)
        all[i]->ask(request);
      else
        --open, watched[i].fd = -1;
    }
  }
  return summary_of(std::move(latencies), clock_type::now() - begun);
}

/// A child that answers orders until its pipe closes.
class client_process {
public:
  client_process() {
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
  ~client_process() {
    ::close(to_);
    ::close(from_);
    ::waitpid(child_, nullptr, 0);
  }
  client_process(const client_process&) = delete;
  client_process& operator=(const client_process&) = delete;

  outcome run(const order& o) {
    outcome r;
    if (::write(to_, &o, sizeof o) != sizeof o || ::read(from_, &r, sizeof r) != sizeof r)
      give_up("the client has died");
    return r;
  }

private:
  pid_t child_ = -1;
  int to_ = -1, from_ = -1;
};

// -- direct calls -----------------------------------------------------------------------------------------------------

outcome run_direct(actors::runtime& runtime, metadata::model_id model, std::uint32_t concurrency) {
  auto input = image();
  std::unordered_map<metadata::request_id, clock_type::time_point> open;
  auto ask = [&] {
    actors::request r;
    r.model = model;
    r.inputs = {input};
    auto now = clock_type::now();
    open.emplace(runtime.submit(std::move(r)).value(), now);
  };
  std::vector<double> latencies;
  auto begun = clock_type::now();
  auto end = begun + std::chrono::milliseconds{slice_ms};
  for (std::uint32_t i = 0; i < concurrency; ++i)
    ask();
  while (!open.empty()) {
    auto d = runtime.results().pop(std::chrono::seconds{10});
    if (!d || d->failure != errc::none)
      give_up("a direct call failed");
    auto node = open.extract(d->request);
    latencies.push_back(us_since(node.mapped()));
    if (clock_type::now() < end)
      ask();
  }
  return summary_of(std::move(latencies), clock_type::now() - begun);
}

// -- measuring --------------------------------------------------------------------------------------------------------

double cpu_us() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  auto us = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec); };
  return us(u.ru_utime) + us(u.ru_stime);
}

struct samples {
  std::vector<double> rate, p99, cpu;
};

std::unique_ptr<actors::runtime> start_runtime() {
  actors::runtime_options o;
  o.devices = gpu::parse_devices("cpu:1").value();
  auto r = actors::runtime::start(std::move(o));
  if (!r)
    give_up(r.error().message);
  return std::move(*r);
}

void report(const std::string& name, const samples& s, const std::string& goal) {
  auto rate = bench::summarise(s.rate), p99 = bench::summarise(s.p99), cpu = bench::summarise(s.cpu);
  std::printf("%-18s %8.0f requests/s [%.0f, %.0f]   p99 %7.0f us [%.0f, %.0f]   CPU %6.1f us/request [%.1f, %.1f]\n",
              name.c_str(), rate.median, rate.low, rate.high, p99.median, p99.low, p99.high, cpu.median, cpu.low,
              cpu.high);
  bench::print_figure("http." + name + ".rate", rate.median, "requests/s");
  bench::print_figure("http." + name + ".p99", p99.median, "us");
  bench::print_figure("http." + name + ".cpu", cpu.median, "us", goal);
}

int measure(const char* repository) {
  client_process client; // before there are threads
  spdlog::set_level(spdlog::level::warn);
  auto direct = start_runtime(), behind = start_runtime();
  auto load = [&](actors::runtime& into) {
    apps::catalog_options options;
    options.load.directory = repository;
    auto c = apps::catalog::open(into, std::move(options));
    if (!c)
      give_up(c.error().message);
    (*c)->start();
    (*c)->wait_started();
    return std::move(*c);
  };
  auto unused = load(*direct);
  auto models = load(*behind);
  auto model = unused->find(model_name);
  if (!model || !models->find(model_name))
    give_up(std::string{"the model is not in "} + repository);
  apps::http::server_options options;
  options.port = 0;
  auto server = apps::http::server::open(options, *behind, *models).value();
  std::thread door{[&] { server->run(); }};

  std::map<std::string, samples> measured;
  std::vector<bench::bench_case> cases;
  std::vector<std::pair<std::string, std::uint32_t>> names;
  for (std::uint32_t concurrency : {1U, 8U, 64U})
    for (const auto& [name, how] : {std::pair{"direct", way::direct},
                                    {"binary", way::binary},
                                    {"binary_again", way::binary},
                                    {"json", way::json}}) {
      auto full = std::string{name} + "." + std::to_string(concurrency);
      names.emplace_back(full, concurrency);
      cases.push_back({full, [&, full, how = how, concurrency] {
                         auto before = cpu_us();
                         auto r = how == way::direct ? run_direct(*direct, (*model)->id, concurrency)
                                                     : client.run({how, server->port(), concurrency});
                         auto& s = measured[full];
                         s.rate.push_back(r.requests / r.seconds);
                         s.p99.push_back(r.p99);
                         s.cpu.push_back((cpu_us() - before) / r.requests);
                         return r.seconds / r.requests;
                       }});
    }
  bench::interleave(cases, bench::rounds_wanted(15));
  for (const auto& [name, concurrency] : names)
    report(name, measured[name], name == "binary.64" ? "<= 40" : "");
  for (auto concurrency : {"1", "8", "64"}) {
    auto of = [&](const std::string& name) -> const samples& { return measured[name + "." + concurrency]; };
    auto same = bench::summarise(bench::ratios(of("binary_again").cpu, of("binary").cpu));
    auto json = bench::summarise(bench::ratios(of("json").cpu, of("binary").cpu));
    auto direct_calls = bench::summarise(bench::ratios(of("direct").cpu, of("binary").cpu));
    std::printf(
        "CPU per request at %s, over that of binary: A/A %.3f [%.3f, %.3f], JSON %.3f [%.3f, %.3f], direct %.3f "
        "[%.3f, %.3f]\n",
        concurrency, same.median, same.low, same.high, json.median, json.low, json.high, direct_calls.median,
        direct_calls.low, direct_calls.high);
  }
  server->stop();
  door.join();
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  try {
    return measure(argc > 1 ? argv[1] : "demo/models");
  } catch (const std::exception& e) {
    std::fprintf(stderr, "http: %s\n", e.what());
    return 1;
  }
}
