#include "apps/http/tls.hpp"

#include <fmt/format.h>

namespace baton::apps::http {

namespace ssl = boost::asio::ssl;

expected<std::unique_ptr<ssl::context>> open_tls(const std::filesystem::path& certificate,
                                                 const std::filesystem::path& key) {
  boost::system::error_code problem;
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 | ssl::context::no_sslv3
                           | ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1 | SSL_OP_NO_RENEGOTIATION,
                       problem);
  // A key with a pass phrase would otherwise ask for it at the terminal.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return std::string{}; }, problem);
  context->use_certificate_chain_file(certificate.string(), problem);
  if (problem)
    return fail(errc::io, fmt::format("TLS certificate '{}': {}", certificate.string(), problem.message()));
  // Also says so if the two do not belong together.
  context->use_private_key_file(key.string(), ssl::context::pem, problem);
  if (problem)
    return fail(errc::io, fmt::format("TLS key '{}': {}", key.string(), problem.message()));
  return context;
}

} // namespace baton::apps::http
