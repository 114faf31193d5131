#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>
#include <tl/expected.hpp>

#include "apps/http/compression.hpp"
#include "apps/http/router.hpp"

namespace baton::apps::http {

inline std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// What the server wants to know of a request's header. Views are of the header.
struct request_facts {
  coding body_coding = coding::identity;
  coding answer_coding = coding::identity; ///< the one the client likes best
  std::optional<std::size_t> json_size;    ///< Inference-Header-Content-Length
  bool wants_invitation = false;           ///< Expect: 100-continue
  std::string_view authorization;
  std::string_view origin;
  std::string_view request_id; ///< of Triton-Request-Id or X-Request-Id, shortened
};

/// Reads a header in one pass. Errors: the answer: 400, 415, 417.
tl::expected<request_facts, answer> read_facts(const boost::beast::http::fields& header);

/// Whether the path may be asked without a token: health, for who watches the server.
bool is_open_to_all(std::string_view target);

} // namespace baton::apps::http
