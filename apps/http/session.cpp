#include "apps/http/session.hpp"

#include <algorithm>

#include <boost/asio/buffer.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace baton::apps::http {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr std::string_view invitation = "HTTP/1.1 100 Continue\r\n\r\n";

} // namespace

session::session(stream::socket_type socket, session_context& context)
    : context_(context), stream_(std::move(socket), context.tls.get()), buffer_(defaults::read_buffer_limit) {
  context_.sessions.insert(this);
  context_.serve.measured().connection_opened();
}

session::~session() {
  context_.bodies -= reserved_;
  context_.sessions.erase(this);
  context_.serve.measured().connection_closed();
  if (context_.on_end)
    context_.on_end();
}

void session::start() {
  error_code ignored;
  stream_.socket().set_option(tcp::no_delay{true}, ignored);
  if (!stream_.encrypted())
    return next_request();
  allow(context_.options.patience);
  stream_.async_handshake([self = shared_from_this()](error_code problem) {
    if (self->phase_ == phase::closed)
      return;
    if (problem)
      return self->close();
    self->next_request();
  });
}

void session::begin_drain() {
  if (phase_ == phase::handshake || (phase_ == phase::header && !begun_))
    return close();
  if (phase_ == phase::answering || phase_ == phase::closed)
    return;
  const auto patience = phase_ == phase::writing ? context_.drain_patience() : defaults::linger;
  deadline_ = std::min(deadline_, clock::now() + patience);
}

void session::allow(clock::duration time) {
  deadline_ = clock::now() + (context_.draining ? std::min(time, context_.drain_patience()) : time);
}

void session::close_if_late(clock::time_point now) {
  if (now >= deadline_ && phase_ != phase::closed)
    close();
}

// -- reading ----------------------------------------------------------------------------------------------------------

void session::next_request() {
  phase_ = phase::header;
  begun_ = false;
  facts_ = {};
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(defaults::header_limit));
  limit_body(context_.options.body_limit);
  if (buffer_.size() == 0 && buffer_.capacity() > 4 * defaults::header_read)
    buffer_.shrink_to_fit();
  allow(context_.options.patience);
  parse();
}

/// A body is read into the buffer. Everything else goes by way of `ahead_`: such a read may still be under way when the
/// next request is taken from the buffer.
void session::read_more() {
  const auto room = buffer_.max_size() - buffer_.size();
  if (reading_ || gone_ || room == 0)
    return;
  reading_ = true;
  const auto direct = phase_ == phase::body;
  auto to = direct ? buffer_.prepare(std::min(defaults::body_read, room))
                   : asio::buffer(ahead_, std::min(ahead_.size(), room));
  stream_.async_read_some(to, [self = shared_from_this(), direct](error_code problem, std::size_t bytes) {
    if (!direct && !problem && self->phase_ != phase::lingering)
      bytes = asio::buffer_copy(self->buffer_.prepare(bytes), asio::buffer(self->ahead_, bytes));
    self->on_read(problem, bytes);
  });
}

void session::on_read(error_code problem, std::size_t bytes) {
  reading_ = false;
  if (phase_ == phase::closed)
    return;
  if (problem)
    return on_gone();
  if (phase_ == phase::lingering)
    return read_more(); // nobody looks at it
  buffer_.commit(bytes);
  if (phase_ == phase::answering)
    return read_more(); // so that it is seen when the client leaves
  parse();
}

/// The client has closed its side, or the connection is broken.
void session::on_gone() {
  gone_ = true;
  keep_alive_ = false;
  if (phase_ == phase::answering && running_) {
    spdlog::debug("client of request {} has left", running_->value);
    context_.serve.cancel(*running_);
  } else if (phase_ != phase::writing && phase_ != phase::answering) {
    close();
  }
}

/// Takes from the buffer what is there, and asks for more until a request is complete.
void session::parse() {
  while (phase_ == phase::header || phase_ == phase::body) {
    if (phase_ == phase::body && parser_->is_done())
      return handle();
    if (buffer_.size() == 0 || !parse_some())
      return phase_ == phase::header || phase_ == phase::body ? read_more() : void();
  }
}

/// Such as some clients send behind a body (RFC 9112, 2.2).
void session::skip_empty_lines() {
  while (!begun_ && buffer_.size() > 0) {
    const auto first = *static_cast<const char*>(buffer_.cdata().data());
    if (first != '\r' && first != '\n')
      return;
    buffer_.consume(1);
  }
}

/// False: more must be read first, or the request is not to be read on.
bool session::parse_some() {
  error_code problem;
  skip_empty_lines();
  if (buffer_.size() == 0)
    return false;
  begun_ = true;
  parser_->eager(phase_ == phase::body);
  buffer_.consume(parser_->put(buffer_.data(), problem));
  if (problem == bhttp::error::need_more) {
    if (buffer_.size() < buffer_.max_size())
      return false;
    problem = bhttp::error::buffer_overflow;
  }
  if (problem) {
    on_unreadable(problem);
    return false;
  }
  if (phase_ == phase::header && parser_->is_header_done())
    return accept_header();
  if (phase_ == phase::body && !reserve(parser_->get().body().size())) {
    refuse_and_close(refuse(503, too_many_bodies));
    return false;
  }
  return true;
}

bool session::accept_header() {
  keep_alive_ = parser_->get().keep_alive();
  if (auto refusal = check_header()) {
    refuse_and_close(std::move(*refusal));
    return false;
  }
  phase_ = phase::body;
  allow(context_.options.patience);
  if (!facts_.wants_invitation || parser_->is_done())
    return true;
  invite_body();
  return false;
}

std::optional<answer> session::check_header() {
  const auto& header = parser_->get();
  auto facts = read_facts(header);
  if (!facts)
    return std::move(facts.error());
  facts_ = *facts;
  bool closed_to_strangers = context_.token && header.method() != bhttp::verb::options // browsers ask without a token
                             && !is_open_to_all(view(header.target()));
  if (closed_to_strangers && !context_.token->opens(facts_.authorization))
    return refuse(401, "a bearer token is needed: send the field \"Authorization: Bearer TOKEN\"");
  if (parser_->chunked() || parser_->content_length().value_or(0) > defaults::small_body)
    return check_large_body();
  return std::nullopt;
}

/// Only who asks for something there is, and that takes a body, may send a large one.
std::optional<answer> session::check_large_body() {
  const auto& header = parser_->get();
  auto found = find_route(view(header.method_string()), view(header.target()));
  if (auto* refusal = std::get_if<answer>(&found); refusal && refusal->status != 204)
    return std::move(*refusal);
  const auto infers = std::holds_alternative<route>(found) && std::get<route>(found).what == endpoint::infer;
  const auto takes_body = header.method() == bhttp::verb::post;
  if (!infers)
    limit_body(std::min(body_limit_, takes_body ? defaults::json_limit : defaults::small_body));
  return parser_->content_length().value_or(0) > body_limit_ ? std::optional(too_large()) : std::nullopt;
}

void session::limit_body(std::size_t bytes) {
  body_limit_ = bytes;
  parser_->body_limit(bytes);
}

answer session::too_large() const {
  return refuse(413, fmt::format("the body is larger than {} bytes", body_limit_));
}

void session::invite_body() {
  phase_ = phase::inviting;
  stream_.async_write(asio::buffer(invitation), [self = shared_from_this()](error_code problem, std::size_t) {
    if (self->phase_ == phase::closed)
      return;
    if (problem)
      return self->close();
    self->phase_ = phase::body;
    self->parse();
  });
}

void session::on_unreadable(error_code problem) {
  if (problem == bhttp::error::body_limit)
    return refuse_and_close(too_large());
  if (problem == bhttp::error::header_limit || problem == bhttp::error::buffer_overflow)
    return refuse_and_close(refuse(431, fmt::format("the header is larger than {} bytes", defaults::header_limit)));
  refuse_and_close(refuse(400, fmt::format("this is not HTTP: {}", problem.message())));
}

/// For a body of this session. A small one is always taken: a client with little to ask, about health for one, does not
/// suffer from what others send or do not read.
std::size_t session::room() const {
  const auto others = context_.bodies - reserved_;
  const auto limit = context_.options.bodies_limit;
  return std::max(limit - std::min(limit, others), defaults::small_body);
}

bool session::reserve(std::size_t bytes) {
  const auto alone = context_.bodies == reserved_; // one may be larger than what all may have together
  if (bytes > reserved_ && bytes > room() && !alone)
    return false;
  context_.bodies += bytes - reserved_;
  reserved_ = bytes;
  return true;
}

} // namespace baton::apps::http
