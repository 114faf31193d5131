#pragma once

#include <memory>
#include <string>
#include <thread>

#include "actors/runtime.hpp"
#include "apps/catalog.hpp"
#include "apps/http/client.hpp"
#include "apps/http/server.hpp"
#include "onnx_files.hpp"

namespace baton::testing {

/// No log lines: what goes wrong is meant to.
void quiet();

/// A server on a real runtime with the test models, on a port of its own, in a thread of its own.
class served {
public:
  explicit served(apps::http::server_options options = {}, const std::string& devices = "cpu:2",
                  std::size_t max_open = 1024);
  ~served();
  served(const served&) = delete;
  served& operator=(const served&) = delete;

  apps::http::server_address address() const;
  actors::runtime& runtime() { return *runtime_; }
  apps::catalog& models() { return *models_; }
  const std::filesystem::path& repository() const { return folder_.path(); }
  /// Begins the drain and waits for the end.
  apps::http::ending stop();
  apps::http::server& door() { return *server_; }
  /// Waits for an end that something else has begun.
  apps::http::ending wait();

private:
  temporary_folder folder_;
  std::unique_ptr<actors::runtime> runtime_;
  std::unique_ptr<apps::catalog> models_;
  std::unique_ptr<apps::http::server> server_;
  apps::http::ending how_ = apps::http::ending::drained;
  std::thread thread_;
};

/// Sends bytes as they are and returns all that comes back until the server closes (or `patience` is over).
std::string send_raw(const apps::http::server_address& to, const std::string& bytes,
                     std::chrono::milliseconds patience = std::chrono::seconds{5});

/// {"inputs":[{"name":"x",...,"data":[...]}]} for the deep model, so many rows: takes a good while per 100.
std::string deep_body(std::size_t rows, const std::string& parameters = "{}");
inline const std::string mlp_body = R"({"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[0.5,-1,2.25]}]})";

} // namespace baton::testing
