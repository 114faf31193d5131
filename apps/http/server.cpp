#include "apps/http/server.hpp"

#include <atomic>
#include <csignal>
#include <mutex>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "apps/http/session.hpp"
#include "apps/http/tls.hpp"

namespace baton::apps::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Wakes the server's thread from the runtime's; stays behind, closed, when the server goes.
struct waker {
  std::mutex mutex;
  asio::io_context* target = nullptr;
  std::atomic<bool> called{false}; ///< for results that the server has not begun to fetch: one wake for all of them

  void operator()(const std::function<void()>& work) {
    std::lock_guard lock{mutex};
    if (target)
      asio::post(*target, work);
  }
};

} // namespace

// Members go in reverse order: first what uses the context, then the context with the sessions in it, then what these
// use.
struct server::impl {
  impl(server_options options, actors::runtime& r, catalog& models)
      : runtime(r),
        serve(r, models, [w = wake](std::function<void()> work) { (*w)(work); }), context{.options = std::move(options),
                                                                                          .serve = serve} {
    serve.log_requests(context.options.log_requests);
  }

  ~impl() {
    {
      std::lock_guard lock{wake->mutex};
      wake->target = nullptr;
    }
    runtime.results().on_push({});
    context.on_end = {};
    serve.abandon(); // drops sessions, which must go before the context
  }

  expected<void> prepare();
  expected<void> listen();
  void accept();
  void accepted(error_code problem, stream::socket_type socket);
  void fetch_results();
  void watch_clients();
  void session_ended();
  void on_signal(error_code problem, int number);
  void begin_drain();
  void finish_if_drained();
  void watch_health();
  void end(ending e) {
    how = e;
    io.stop();
  }

  actors::runtime& runtime;
  std::shared_ptr<waker> wake = std::make_shared<waker>();
  service serve;
  session_context context;
  ending how = ending::drained;
  bool accepting = false;
  std::chrono::steady_clock::time_point last_healthy = std::chrono::steady_clock::now();
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  asio::steady_timer accept_pause{io};
  asio::steady_timer drain_limit{io};
  asio::steady_timer health{io};
  asio::steady_timer clients{io};
  asio::signal_set signals{io};
};

/// Reads what access depends on.
expected<void> server::impl::prepare() {
  const auto& o = context.options;
  if (!o.token_file.empty()) {
    auto token = bearer_token::read(o.token_file);
    if (!token)
      return tl::unexpected(token.error());
    context.token = *token;
  }
  if (o.certificate.empty() != o.key.empty())
    return fail(errc::bad_argument, "TLS needs both a certificate and a key");
  if (o.certificate.empty())
    return {};
  auto tls = open_tls(o.certificate, o.key);
  if (!tls)
    return tl::unexpected(tls.error());
  context.tls = std::move(*tls);
  return {};
}

expected<void> server::impl::listen() {
  error_code problem;
  auto address = asio::ip::make_address(context.options.address, problem);
  if (problem)
    return fail(errc::bad_argument, fmt::format("'{}' is not an IP address", context.options.address));
  tcp::endpoint at{address, context.options.port};
  acceptor.open(at.protocol(), problem);
  if (!problem)
    acceptor.set_option(asio::socket_base::reuse_address{true}, problem);
  if (!problem)
    acceptor.bind(at, problem);
  if (!problem)
    acceptor.listen(asio::socket_base::max_listen_connections, problem);
  if (problem)
    return fail(errc::io, fmt::format("cannot listen on {}:{}: {}", context.options.address, context.options.port,
                                      problem.message()));
  wake->target = &io;
  runtime.results().on_push([w = wake, this] {
    if (!w->called.exchange(true))
      (*w)([this] { fetch_results(); });
  });
  context.on_end = [this] { session_ended(); };
  if (context.options.signals) {
    signals.add(SIGTERM);
    signals.add(SIGINT);
    signals.async_wait([this](error_code e, int number) { on_signal(e, number); });
  }
  accept();
  watch_health();
  watch_clients();
  return {};
}

void server::impl::fetch_results() {
  wake->called = false; // before fetching: a result that comes meanwhile calls again
  serve.deliver_results();
}

void server::impl::accept() {
  if (accepting || context.draining || context.sessions.size() >= context.options.connections)
    return; // a session that ends takes it up again
  accepting = true;
  acceptor.async_accept(
      io, [this](error_code problem, stream::socket_type socket) { accepted(problem, std::move(socket)); });
}

void server::impl::accepted(error_code problem, stream::socket_type socket) {
  accepting = false;
  if (context.draining || problem == asio::error::operation_aborted)
    return;
  if (problem) {
    spdlog::warn("a connection could not be accepted: {}", problem.message());
    accept_pause.expires_after(defaults::accept_pause);
    accept_pause.async_wait([this](error_code e) {
      if (!e)
        accept();
    });
    return;
  }
  std::make_shared<session>(std::move(socket), context)->start();
  accept();
}

void server::impl::session_ended() {
  accept();
  finish_if_drained();
}

void server::impl::on_signal(error_code problem, int number) {
  if (problem)
    return;
  if (context.draining) {
    spdlog::warn("signal {} again: ending at once", number);
    std::_Exit(128 + number);
  }
  spdlog::info("signal {}: answering {} open requests, then ending", number, serve.open());
  signals.async_wait([this](error_code e, int n) { on_signal(e, n); });
  begin_drain();
}

void server::impl::begin_drain() {
  if (context.draining)
    return;
  context.draining = true;
  serve.begin_drain();
  error_code ignored;
  acceptor.close(ignored);
  // Closing ends sessions later, from the loop, so the set is not changed meanwhile.
  for (auto* s : context.sessions)
    s->begin_drain();
  drain_limit.expires_after(context.options.drain_timeout);
  drain_limit.async_wait([this](error_code e) {
    if (!e)
      end(ending::gave_up);
  });
  finish_if_drained();
}

void server::impl::finish_if_drained() {
  if (context.draining && context.sessions.empty())
    end(ending::drained);
}

void server::impl::watch_health() {
  auto now = std::chrono::steady_clock::now();
  if (runtime.healthy())
    last_healthy = now;
  else if (now - last_healthy >= context.options.unhealthy_limit)
    return end(ending::unhealthy);
  health.expires_after(defaults::health_interval);
  health.async_wait([this](error_code e) {
    if (!e)
      watch_health();
  });
}

void server::impl::watch_clients() {
  auto now = session::clock::now();
  for (auto* s : context.sessions)
    s->close_if_late(now);
  clients.expires_after(context.options.patience / defaults::looks_per_patience);
  clients.async_wait([this](error_code e) {
    if (!e)
      watch_clients();
  });
}

server::server(std::unique_ptr<impl> i) : impl_(std::move(i)) {}
server::~server() = default;

expected<std::unique_ptr<server>> server::open(server_options options, actors::runtime& runtime, catalog& models) {
  auto i = std::make_unique<impl>(std::move(options), runtime, models);
  if (auto prepared = i->prepare(); !prepared)
    return tl::unexpected(prepared.error());
  if (auto listening = i->listen(); !listening)
    return tl::unexpected(listening.error());
  return std::unique_ptr<server>{new server{std::move(i)}};
}

std::uint16_t server::port() const {
  error_code ignored;
  return impl_->acceptor.local_endpoint(ignored).port();
}

ending server::run() {
  for (;;) {
    try {
      impl_->io.run();
      return impl_->how;
    } catch (const std::exception& e) { // out of memory, most likely: costs one connection, not the server
      spdlog::error("a request could not be served: {}", e.what());
    }
  }
}

void server::stop() {
  (*impl_->wake)([i = impl_.get()] { i->begin_drain(); });
}

void server::give_up() {
  (*impl_->wake)([i = impl_.get()] { i->end(ending::unhealthy); });
}

} // namespace baton::apps::http
