#include "apps/http/client.hpp"

#include <fmt/format.h>

namespace baton::apps::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;

expected<server_address> resolve(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  std::string_view rest = url;
  if (!rest.starts_with(scheme))
    return fail(errc::bad_argument, fmt::format("'{}' is not of the form http://HOST:PORT", url));
  rest.remove_prefix(scheme.size());
  auto slash = rest.find('/');
  if (slash != rest.npos && slash + 1 != rest.size())
    return fail(errc::bad_argument, fmt::format("'{}' has a path; only http://HOST:PORT is meant", url));
  rest = rest.substr(0, slash);
  auto colon = rest.rfind(':');
  if (colon != rest.npos && rest.ends_with(']'))
    colon = rest.npos;
  std::string host{rest.substr(0, colon)};
  std::string port{colon == rest.npos ? "80" : rest.substr(colon + 1)};
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  asio::io_context io;
  beast::error_code problem;
  auto found = tcp::resolver{io}.resolve(host, port, problem);
  if (problem || found.empty())
    return fail(errc::not_found, fmt::format("server '{}' cannot be found: {}", url, problem.message()));
  return server_address{std::string{rest}, found.begin()->endpoint()};
}

connection::connection(asio::io_context& io, server_address to) : stream_(io), to_(std::move(to)) {}

void connection::call(bhttp::verb method, std::string_view target, http_content content,
                      std::chrono::milliseconds timeout, reply then) {
  then_ = std::move(then);
  deadline_ = std::chrono::steady_clock::now() + timeout;
  request_ = {method, beast::string_view{target.data(), target.size()}, 11};
  request_.set(bhttp::field::host, to_.host);
  if (content.json_size)
    request_.set("Inference-Header-Content-Length", std::to_string(*content.json_size));
  if (!content.body.empty())
    request_.set(bhttp::field::content_type, content.json_size ? "application/octet-stream" : "application/json");
  request_.body() = std::move(content.body);
  request_.prepare_payload();
  reused_ = connected_;
  if (connected_)
    send();
  else
    connect();
}

void connection::close() {
  connected_ = false;
  stream_.close();
}

void connection::connect() {
  stream_.close();
  buffer_.clear();
  stream_.expires_at(deadline_);
  stream_.async_connect(to_.endpoint, [self = shared_from_this()](error_code problem) {
    if (problem)
      return self->finish(problem);
    self->stream_.socket().set_option(tcp::no_delay{true}, problem);
    self->connected_ = true;
    self->send();
  });
}

void connection::send() {
  stream_.expires_at(deadline_);
  bhttp::async_write(stream_, request_, [self = shared_from_this()](error_code problem, std::size_t) {
    // A server that refuses early has answered before it was sent everything: look.
    if (problem == beast::error::timeout || problem == asio::error::operation_aborted)
      return self->finish(problem);
    self->receive();
  });
}

void connection::receive() {
  parser_.emplace();
  parser_->body_limit(defaults::answer_limit);
  bhttp::async_read(stream_, buffer_, *parser_,
                    [self = shared_from_this()](error_code problem, std::size_t) { self->finish(problem); });
}

void connection::finish(error_code problem) {
  if (problem && reused_ && problem != beast::error::timeout && problem != asio::error::operation_aborted
      && !(parser_ && parser_->got_some())) {
    reused_ = false;
    return connect();
  }
  auto then = std::move(then_);
  if (problem) {
    close();
    parser_.reset();
    if (problem == beast::error::timeout)
      return then(fail(errc::deadline_exceeded, fmt::format("server {} did not answer in time", to_.host)));
    return then(fail(errc::io, fmt::format("server {}: {}", to_.host, problem.message())));
  }
  http_reply r{parser_->get().result_int(), std::move(parser_->get().body())};
  if (!parser_->get().keep_alive())
    close();
  parser_.reset();
  then(std::move(r));
}

client::client(const server_address& to) : connection_(std::make_shared<connection>(io_, to)) {}

client::~client() {
  connection_->close();
}

expected<http_reply> client::call(bhttp::verb method, std::string_view target, http_content content,
                                  std::chrono::milliseconds timeout) {
  expected<http_reply> result = fail(errc::io, "no answer");
  connection_->call(method, target, std::move(content), timeout,
                    [&](expected<http_reply> r) { result = std::move(r); });
  io_.restart();
  io_.run();
  return result;
}

expected<std::string> client::get(std::string_view target) {
  auto r = call(bhttp::verb::get, target);
  if (!r)
    return tl::unexpected(r.error());
  if (r->status != 200)
    return fail(errc::io, fmt::format("the server answers {} with {}: {}", target, r->status, r->body.substr(0, 300)));
  return std::move(r->body);
}

} // namespace baton::apps::http
