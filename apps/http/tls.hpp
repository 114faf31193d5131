#pragma once

#include <filesystem>
#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "metadata/error.hpp"

namespace baton::apps::http {

/// What a server needs to speak TLS 1.2 and 1.3: a chain of certificates and its private key, both PEM, the key without
/// a pass phrase. Errors: `io` naming the file at fault.
expected<std::unique_ptr<boost::asio::ssl::context>> open_tls(const std::filesystem::path& certificate,
                                                              const std::filesystem::path& key);

} // namespace baton::apps::http
