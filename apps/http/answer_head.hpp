#pragma once

#include <string>
#include <string_view>

#include "apps/http/compression.hpp"
#include "apps/http/router.hpp"

namespace baton::apps::http {

/// How an answer goes out.
struct sending {
  bool keep_alive = false;
  coding body_coding = coding::identity;
  std::string_view request_id;  ///< to be echoed; empty: none
  std::string_view cors_origin; ///< the origin whose pages may read it; empty: none
  bool preflight = false;       ///< tell such an origin what it may send
};

/// The status line and the fields, up to the empty line.
std::string answer_head(const answer& a, const sending& how);

} // namespace baton::apps::http
