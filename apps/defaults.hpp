#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// Every tunable of this folder.
namespace baton::apps::defaults {

using namespace std::chrono_literals;

// -- HTTP server ------------------------------------------------------------------------------------------------------

/// Nothing listens to the outside unless told so.
inline constexpr const char* address = "127.0.0.1";
inline constexpr std::uint16_t port = 8000;
/// Open connections; beyond it none is accepted until one closes (the rest wait in the kernel's backlog).
inline constexpr std::size_t connections = 1024;
/// To read a header, to read a body, to write an answer, and how long a connection may idle: a slow client holds a
/// connection no longer than that.
inline constexpr std::chrono::seconds client_patience = 30s;
/// How long a refused client may go on sending before its connection is reset.
inline constexpr std::chrono::seconds linger = 2s;
/// A ResNet-50 image is about 2 MB as JSON: a batch of 32 fits.
inline constexpr std::size_t body_limit = std::size_t{64} << 20;
/// Bytes of bodies being read or waiting for their turn, over all connections; beyond it 503.
inline constexpr std::size_t bodies_limit = std::size_t{512} << 20;
inline constexpr std::size_t header_limit = std::size_t{16} << 10;
/// What remains of a body when its tensors' numbers are taken out.
inline constexpr std::size_t json_limit = std::size_t{1} << 20;
/// Deeper nesting is refused: tensors of rank 8 need 3 + 8.
inline constexpr std::size_t json_depth = 16;
/// Every request has a finite timeout: this one if the client names none, and never more than the second.
inline constexpr std::chrono::seconds request_timeout = 60s;
inline constexpr std::chrono::seconds longest_request_timeout = 3600s;
/// From SIGTERM until what is still open is given up.
inline constexpr std::chrono::seconds drain_timeout = 30s;
/// How often the server looks whether the runtime is healthy.
inline constexpr std::chrono::milliseconds health_interval = 200ms;
/// A runtime that stays unhealthy (restarts of workers included) for that long ends the process.
inline constexpr std::chrono::seconds unhealthy_limit = 10s;
/// After running out of file descriptors.
inline constexpr std::chrono::milliseconds accept_pause = 100ms;

// -- models -----------------------------------------------------------------------------------------------------------

/// Preparing one model at start: reading weights, building plans.
inline constexpr std::chrono::minutes load_timeout = 5min;
/// Larger config.pbtxt are refused: those of real models have some kB.
inline constexpr std::size_t config_limit = std::size_t{256} << 10;
/// Deeper nesting of a config.pbtxt is refused: Triton's own schema needs 6.
inline constexpr std::size_t config_depth = 32;
/// Axes of a tensor in a config.pbtxt.
inline constexpr std::size_t config_rank = 16;
/// Fields that are not honoured and are named; further ones are not.
inline constexpr std::size_t config_warnings = 64;
/// Versions of one model that may be served at once.
inline constexpr std::size_t versions_served = 64;
/// A file of labels, and how many lines it may have: five times ImageNet's larger list.
inline constexpr std::size_t labels_bytes = std::size_t{4} << 20;
inline constexpr std::size_t labels = 100'000;
/// Load and unload commands that may wait for the one loader; beyond it 503.
inline constexpr std::size_t load_commands = 16;
/// How long requests that are open when their model is unloaded may still take.
inline constexpr std::chrono::seconds unload_patience = 30s;
/// How often `--model-control poll` looks through the repository.
inline constexpr std::chrono::seconds poll_interval = 15s;
/// A symbol that is not the batch, where the command line does not bind it.
inline constexpr std::int64_t symbol = 16;
/// Random integers are below this where the model does not say what they pick from.
inline constexpr std::int64_t random_integers = 16;
/// Elements of an output that `baton run` shows.
inline constexpr std::size_t shown_elements = 6;

// -- load generator ---------------------------------------------------------------------------------------------------

/// The client's own limit for one answer.
inline constexpr std::chrono::seconds answer_timeout = 60s;
/// Connections of an open-loop stream (`rate`); arrivals beyond wait in the generator, their wait counts as latency.
inline constexpr std::size_t stream_connections = 64;
/// Arrivals of an open-loop stream that may wait; beyond it they fail.
inline constexpr std::size_t stream_backlog = 10000;
/// After a failed request, before the next over the same connection.
inline constexpr std::chrono::milliseconds retry_pause = 50ms;
/// Larger answers are refused.
inline constexpr std::size_t answer_limit = std::size_t{256} << 20;
inline constexpr std::chrono::milliseconds progress_interval = 250ms;
/// Between lines where the output is not a terminal.
inline constexpr std::chrono::seconds progress_line_interval = 5s;

} // namespace baton::apps::defaults
