#include "apps/http/session.hpp"

#include <sys/socket.h>

#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/error.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace baton::apps::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;

namespace {
/// Of the read buffer: a header at its limit, and what of the body came with it.
constexpr std::size_t buffer_limit = defaults::header_limit + (std::size_t{64} << 10);
} // namespace

session::session(asio::ip::tcp::socket socket, session_context& context)
    : stream_(std::move(socket)), context_(context), buffer_(buffer_limit) {
  context_.sessions.insert(this);
  context_.serve.measured().connection_opened();
}

session::~session() {
  release();
  context_.sessions.erase(this);
  context_.serve.measured().connection_closed();
  if (context_.on_end)
    context_.on_end();
}

void session::start() {
  error_code ignored;
  stream_.socket().set_option(asio::ip::tcp::no_delay{true}, ignored);
  read_header();
}

void session::close_if_idle() {
  if (idle_)
    close();
}

// -- reading ----------------------------------------------------------------------------------------------------------

void session::read_header() {
  idle_ = true;
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(defaults::header_limit));
  parser_->body_limit(context_.options.body_limit);
  stream_.expires_after(context_.options.patience);
  bhttp::async_read_header(stream_, buffer_, *parser_,
                           [self = shared_from_this()](error_code problem, std::size_t) { self->on_header(problem); });
}

void session::on_header(error_code problem) {
  if (problem)
    return on_unreadable(problem);
  idle_ = false;
  ++requests_;
  keep_alive_ = parser_->get().keep_alive();
  if (!acceptable_header())
    return;
  if (beast::iequals(parser_->get()[bhttp::field::expect], "100-continue"))
    return invite_body();
  read_body();
}

bool session::acceptable_header() {
  const auto& header = parser_->get();
  std::optional<answer> refusal;
  auto encoding = header[bhttp::field::content_encoding];
  if (!encoding.empty() && !beast::iequals(encoding, "identity"))
    refusal = refuse(415, "compressed bodies are not supported");
  else if (header.find("Inference-Header-Content-Length") != header.end())
    refusal = refuse(415, "binary tensors are not supported");
  else if (!reserve(parser_->content_length().value_or(parser_->chunked() ? context_.options.body_limit : 0)))
    refusal = refuse(503, "the server is reading too many large requests already");
  if (!refusal)
    return true;
  keep_alive_ = false;
  write(std::move(*refusal));
  return false;
}

void session::invite_body() {
  auto invitation = std::make_shared<bhttp::response<bhttp::empty_body>>(bhttp::status::continue_, 11);
  stream_.expires_after(context_.options.patience);
  bhttp::async_write(stream_, *invitation, [self = shared_from_this(), invitation](error_code problem, std::size_t) {
    if (problem)
      return self->close();
    self->read_body();
  });
}

void session::read_body() {
  stream_.expires_after(context_.options.patience);
  bhttp::async_read(stream_, buffer_, *parser_,
                    [self = shared_from_this()](error_code problem, std::size_t) { self->on_body(problem); });
}

void session::on_body(error_code problem) {
  if (problem)
    return on_unreadable(problem);
  handle();
}

void session::on_unreadable(error_code problem) {
  idle_ = false;
  keep_alive_ = false;
  static const auto& http_category = bhttp::make_error_code(bhttp::error::end_of_stream).category();
  if (problem.category() != http_category || problem == bhttp::error::end_of_stream
      || problem == bhttp::error::partial_message)
    return close();
  if (problem == bhttp::error::body_limit)
    return write(refuse(413, fmt::format("the body is larger than {} bytes", context_.options.body_limit)));
  if (problem == bhttp::error::header_limit || problem == bhttp::error::buffer_overflow)
    return write(refuse(431, fmt::format("the header is larger than {} bytes", defaults::header_limit)));
  write(refuse(400, fmt::format("this is not HTTP: {}", problem.message())));
}

// -- answering --------------------------------------------------------------------------------------------------------

void session::handle() {
  stream_.expires_never();
  answering_ = true;
  const auto& request = parser_->get();
  if (request.method() == bhttp::verb::head)
    keep_alive_ = false; // its answer has no body, so the one that says 405 would not be understood
  auto method = request.method_string();
  auto target = request.target();
  auto id = context_.serve.handle({method.data(), method.size()}, {target.data(), target.size()}, request.body(),
                                  [self = shared_from_this()](answer a) {
                                    self->running_.reset();
                                    self->write(std::move(a));
                                  });
  parser_->get().body() = {};
  release();
  if (id && answering_) {
    running_ = id;
    watch_for_leaving();
  }
}

void session::watch_for_leaving() {
  stream_.socket().async_wait(asio::ip::tcp::socket::wait_read,
                              [self = shared_from_this(), request = requests_](error_code problem) {
                                if (!problem)
                                  self->on_readable(request);
                              });
}

void session::on_readable(std::uint64_t request) {
  if (request != requests_ || !running_)
    return;
  char c = 0;
  auto n = ::recv(stream_.socket().native_handle(), &c, 1, MSG_PEEK | MSG_DONTWAIT);
  if (n > 0)
    return; // the next request already; it waits
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return watch_for_leaving();
  spdlog::debug("client of request {} has left", running_->value);
  keep_alive_ = false;
  context_.serve.cancel(*running_);
}

void session::write(answer a) {
  answering_ = false;
  context_.serve.measured().answered(a.status);
  response_.emplace(static_cast<bhttp::status>(a.status), 11);
  response_->set(bhttp::field::server, "baton");
  response_->set(bhttp::field::content_type, a.content_type);
  if (!a.allow.empty())
    response_->set(bhttp::field::allow, a.allow);
  response_->body() = std::move(a.body);
  keep_alive_ = keep_alive_ && !context_.draining;
  response_->keep_alive(keep_alive_);
  response_->prepare_payload();
  stream_.expires_after(context_.options.patience);
  bhttp::async_write(stream_, *response_,
                     [self = shared_from_this()](error_code problem, std::size_t) { self->on_written(problem); });
}

void session::on_written(error_code problem) {
  response_.reset();
  if (problem)
    return close();
  if (!keep_alive_ || context_.draining)
    return linger();
  read_header();
}

/// Closing with unread bytes would reset the connection and could take the answer with it: so they are read, for a
/// while.
void session::linger() {
  error_code problem;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, problem);
  if (problem || context_.draining)
    return close();
  stream_.expires_after(defaults::linger);
  discard();
}

void session::discard() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(std::size_t{32} << 10),
                          [self = shared_from_this()](error_code problem, std::size_t) {
                            if (problem)
                              return self->close();
                            self->discard();
                          });
}

void session::close() {
  error_code ignored;
  stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

bool session::reserve(std::size_t bytes) {
  if (context_.bodies + bytes > context_.options.bodies_limit)
    return false;
  context_.bodies += bytes;
  reserved_ = bytes;
  return true;
}

void session::release() {
  context_.bodies -= reserved_;
  reserved_ = 0;
}

} // namespace baton::apps::http
