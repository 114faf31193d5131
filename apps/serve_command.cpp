#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "actors/runtime.hpp"
#include "apps/catalog.hpp"
#include "apps/device_options.hpp"
#include "apps/http/server.hpp"
#include "apps/policy_files.hpp"
#include "apps/program.hpp"

namespace baton::apps {

namespace {

struct serve_options {
  device_options devices;
  long long quantum = std::chrono::duration_cast<std::chrono::microseconds>(scheduling::defaults::quantum).count();
  actors::runtime_options runtime;
  std::string engine_log, trace;
  catalog_options models;
  std::string control = "explicit";
  std::vector<std::int64_t> batches{1};
  std::vector<std::string> symbols;
  http::server_options http;
};

const std::map<std::string, model_control> control_by_name{
    {"none", model_control::none}, {"explicit", model_control::by_request}, {"poll", model_control::by_repository}};

/// Every connection is a file descriptor; the usual soft limit of 1024 is just too low.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, std::max<rlim_t>(limit.rlim_cur, 8192));
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Brings the death of a vital actor to the server, from a thread that may touch nothing else.
class death_bell {
public:
  void ring(const std::string& why) {
    spdlog::critical("{}", why);
    std::lock_guard lock{mutex_};
    rung_ = true;
    if (server_)
      server_->give_up();
  }
  /// Who is to hear it, also if it has rung already; null before the server goes.
  void listen(http::server* s) {
    std::lock_guard lock{mutex_};
    server_ = s;
    if (server_ && rung_)
      server_->give_up();
  }

private:
  std::mutex mutex_;
  http::server* server_ = nullptr;
  bool rung_ = false;
};

int finish(http::ending how, actors::runtime& runtime) {
  switch (how) {
  case http::ending::drained:
    if (!runtime.drain(std::chrono::seconds{1}))
      spdlog::warn("requests without a client are still open: giving them up");
    spdlog::info("drained, ending");
    return exit_code::ok;
  case http::ending::gave_up: return report({errc::deadline_exceeded, "what was still open has been given up"});
  case http::ending::unhealthy: return report({errc::unavailable, "the runtime can serve no more"});
  }
  return exit_code::failed;
}

/// The line that scripts wait for.
void announce(const catalog& models, const http::server_options& door, std::uint16_t port, std::size_t devices) {
  std::set<std::string> all, ready;
  for (const auto& l : models.index()) {
    all.insert(l.name);
    if (l.state == "READY")
      ready.insert(l.name);
  }
  if (all.empty())
    spdlog::warn("the model repository is empty");
  fmt::print("baton: ready on {}://{}:{}, {} of {} models, {} devices\n", door.certificate.empty() ? "http" : "https",
             door.address, port, ready.size(), all.size(), devices);
  std::fflush(stdout);
}

int serve(serve_options& o) {
  auto specs = read_devices(o.devices, o.runtime.machine);
  if (!specs)
    return report(specs.error());
  auto symbols = parse_symbols(o.symbols);
  if (!symbols)
    return report(symbols.error());
  if (auto good = check_quantum(o.quantum); !good)
    return report(good.error());
  if (auto opened = open_policies(o.runtime.policy); !opened)
    return report(opened.error());
  raise_file_limit();
  o.runtime.devices = std::move(*specs);
  o.runtime.quantum = std::chrono::microseconds{o.quantum};
  o.runtime.engine_log = o.engine_log;
  o.runtime.trace = o.trace;
  auto bell = std::make_shared<death_bell>();
  o.runtime.on_vital_death = [bell](const std::string& why) { bell->ring(why); };
  auto runtime = actors::runtime::start(o.runtime);
  if (!runtime)
    return report(runtime.error());
  o.models.load.batches = o.batches;
  o.models.load.symbols = std::move(*symbols);
  o.models.control = control_by_name.at(o.control);
  auto models = catalog::open(**runtime, o.models);
  if (!models)
    return report(models.error());
  o.http.signals = true;
  auto server = http::server::open(o.http, **runtime, **models);
  if (!server)
    return report(server.error());
  (*models)->start([&, port = (*server)->port()] { // the server may have gone by then
    announce(**models, o.http, port, (*runtime)->devices().size());
  });
  bell->listen(server->get());
  auto how = (*server)->run();
  bell->listen(nullptr);
  return finish(how, **runtime);
}

} // namespace

void add_serve_command(CLI::App& app, chosen_command& chosen) {
  auto* command = app.add_subcommand("serve", "Serve a repository of models over HTTP (KServe v2)");
  command->footer(
      "A repository is Triton-style: DIR/name/1/model.onnx (or model.json, a list of layers), and an optional\n"
      "DIR/name/config.pbtxt; of each model the highest version is served, or those that its version_policy names.\n"
      "A model that cannot be loaded is in the index with its reason. What is open is answered while models are loaded "
      "and unloaded.\n"
      "SIGTERM answers what is open and exits 0 (1 if something is still open after 30 s); a second one ends at "
      "once.\n\n"
      "Examples:\n"
      "  baton serve --models build/models --devices cpu:2\n"
      "  curl http://127.0.0.1:8000/v2/models/digits_cnn\n"
      "  curl http://127.0.0.1:8000/v2/models/mlp/infer -d '{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\n"
      "      \"shape\":[1,3],\"data\":[1,2,3]}],\"parameters\":{\"priority\":5}}'");
  auto o = std::make_shared<serve_options>();
  command->add_option("--models", o->models.load.directory, "The model repository")->required();
  command
      ->add_option("--model-control", o->control,
                   "Who changes what is served: explicit (load and unload over HTTP), poll (the folder is looked\n"
                   "through again and again), none")
      ->check(CLI::IsMember(control_by_name))
      ->capture_default_str();
  command
      ->add_option("--load", o->models.at_start,
                   "A model to load at the start, several: --load A --load B; all if not given")
      ->take_all()
      ->expected(1);
  command
      ->add_option_function<long long>(
          "--poll-interval", [o](long long s) { o->models.poll_interval = std::chrono::seconds{s}; },
          "Seconds between two looks, with --model-control poll")
      ->check(CLI::Range(1LL, 86400LL))
      ->default_str(std::to_string(defaults::poll_interval.count()));
  add_device_options(*command, o->devices, o->runtime.machine);
  command->add_option("--port", o->http.port, "Port to listen on; 0 takes a free one")->capture_default_str();
  command->add_option("--address", o->http.address, "Address to listen on")->capture_default_str();
  command->add_option("--token-file", o->http.token_file,
                      "Answer only clients that send the token in this file: \"Authorization: Bearer TOKEN\"");
  auto* certificate = command->add_option("--tls-cert", o->http.certificate, "Speak TLS: chain of certificates, PEM");
  auto* key = command->add_option("--tls-key", o->http.key, "The certificate's private key, PEM, no pass phrase");
  certificate->needs(key);
  key->needs(certificate);
  command->add_option("--cors-origin", o->http.cors_origin,
                      "Let web pages of this origin ask, as in https://example.org; * for all");
  command->add_option("--policy", o->runtime.policy, policy_help())->capture_default_str();
  command
      ->add_option("--quantum", o->quantum, "Microseconds a device works between two looks at its mailbox; 0: a layer")
      ->capture_default_str();
  command->add_option("--engine-log", o->engine_log, "Write every event of the engine to this file");
  command->add_option("--trace", o->trace, trace_help);
  command->add_flag("--log-requests", o->http.log_requests,
                    "Log a line for each inference (else at --log-level debug)");
  command->add_option("--max-open", o->runtime.max_open_requests, "Requests open at once; more are refused with 503")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->capture_default_str();
  command
      ->add_option("--max-open-bytes", o->runtime.max_open_bytes,
                   "Bytes that the inputs of open requests may take, as in 512MB; more are refused with 503")
      ->transform(CLI::AsSizeValue(false))
      ->default_str("1GiB");
  const auto* limit =
      command
          ->add_option("--memory-limit", o->runtime.machine.memory_limit,
                       "Bytes that weights, activations and scratch may take in each domain, as in 4GB; 0: no limit.\n"
                       "By default the host's domains together may take 80% of the memory that is free at the start")
          ->transform(CLI::AsSizeValue(false));
  command->add_option("--warm-batch", o->batches, "Batch sizes to prepare at start, as in 1,4,8")
      ->delimiter(',')
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{65536}))
      ->capture_default_str();
  command
      ->add_option("--symbol", o->symbols,
                   "Value of another symbol in the shapes to prepare, as in S=16; a model with\n"
                   "symbols not named prepares at its first request")
      ->take_all()
      ->expected(1);
  command->callback([o, limit, &chosen] {
    o->runtime.machine.host_share = limit->count() == 0 ? defaults::host_share : 0;
    chosen = [o] { return serve(*o); };
  });
}

} // namespace baton::apps
