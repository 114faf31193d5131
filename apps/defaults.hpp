#pragma once

#include <array>
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
/// How long a refused client may go on sending before its connection is reset, and how long one may take to complete
/// its request when the server ends.
inline constexpr std::chrono::seconds linger = 2s;
/// A ResNet-50 image is about 2 MB as JSON: a batch of 32 fits.
inline constexpr std::size_t body_limit = std::size_t{64} << 20;
/// Bytes of bodies, of requests that are being read or wait for their turn and of answers being written, over all
/// connections; beyond it 503.
inline constexpr std::size_t bodies_limit = std::size_t{512} << 20;
/// A body up to this is read whatever its path, and does not have to wait for room: all connections may have one.
inline constexpr std::size_t small_body = std::size_t{64} << 10;
inline constexpr std::size_t header_limit = std::size_t{16} << 10;
/// A connection's read buffer: a header at its limit and what of the body came with it; also how far a client may send
/// requests ahead.
inline constexpr std::size_t read_buffer_limit = header_limit + (std::size_t{64} << 10);
/// Of one read of a header: most requests for small models fit; larger buffers are given back when idle.
inline constexpr std::size_t header_read = std::size_t{4} << 10;
/// Of one read of a body.
inline constexpr std::size_t body_read = std::size_t{64} << 10;
/// Smaller answers are not compressed: they fit in one packet anyway.
inline constexpr std::size_t compress_from = 1024;
/// Larger ones are not either: compressing one would hold the server's thread for more than about 0.2 s.
inline constexpr std::size_t compress_limit = std::size_t{16} << 20;
/// Of an id in a header that is echoed and logged.
inline constexpr std::size_t request_id_limit = 256;
/// What Retry-After says with a 503: a full queue of small requests empties sooner.
inline constexpr std::chrono::seconds retry_after = 1s;
/// How long a browser may remember what another origin's pages may send.
inline constexpr std::chrono::seconds preflight_age = 600s;
/// Batch sizes with statistics of their own, per model; others are only in the sums.
inline constexpr std::size_t counted_batch_sizes = 64;
/// What remains of a body when its tensors' numbers are taken out.
inline constexpr std::size_t json_limit = std::size_t{1} << 20;
/// Deeper nesting is refused: tensors of rank 8 need 3 + 8.
inline constexpr std::size_t json_depth = 16;
/// Elements of a classified output over all its rows: ranking more would hold the server's thread.
inline constexpr std::size_t classified = 100'000;
/// How often an inference looks for its model again when that was replaced while its body was decoded.
inline constexpr int lookups = 4;
/// Members of "inputs" or "outputs"; models have fewer.
inline constexpr std::size_t json_tensors = 1024;
/// Every request has a finite timeout: this one if the client names none, and never more than the second.
inline constexpr std::chrono::seconds request_timeout = 60s;
inline constexpr std::chrono::seconds longest_request_timeout = 3600s;
/// From SIGTERM until what is still open is given up.
inline constexpr std::chrono::seconds drain_timeout = 30s;
/// How often the server looks whether the runtime is healthy.
inline constexpr std::chrono::milliseconds health_interval = 200ms;
/// A runtime that stays unhealthy (restarts of workers included) for that long ends the process.
inline constexpr std::chrono::seconds unhealthy_limit = 10s;
/// Clients' time is looked at so many times within their patience: one timer for all instead of one per operation.
inline constexpr int looks_per_patience = 16;
/// After running out of file descriptors.
inline constexpr std::chrono::milliseconds accept_pause = 100ms;

// -- metrics and logs -------------------------------------------------------------------------------------------------

/// Upper bounds in seconds of the latency histograms: a tiny model on an idle CPU takes 0.1 ms, the default timeout is
/// 60 s; two or three in a decade tell a quantile to within a factor of two.
inline constexpr std::array latency_buckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                            0.1,    0.25,    0.5,    1.0,   2.5,    5.0,   10.0, 30.0,  60.0};
/// Of a text of the client's in a log line, bytes.
inline constexpr std::size_t logged_text = 128;

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
/// How long `baton run` waits for the moves it asked for to be counted: they are, a moment after the result.
inline constexpr std::chrono::milliseconds counting_patience = 500ms;
/// Elements of an output that `baton run` shows.
inline constexpr std::size_t shown_elements = 6;

// -- pictures and labels ----------------------------------------------------------------------------------------------

/// Pixels of a picture, before it is decoded and after it is resized: a large camera's; 200 MB as red, green, blue.
inline constexpr std::int64_t picture_pixels = std::int64_t{64} << 20;
/// A picture's file: twice what a camera writes for that many pixels.
inline constexpr std::size_t picture_bytes = std::size_t{64} << 20;
/// A file of labels, and how many lines it may have: five times ImageNet's larger list.
inline constexpr std::size_t labels_bytes = std::size_t{4} << 20;
inline constexpr std::size_t labels = 100'000;
/// Classes shown where labels were given and `--top` was not.
inline constexpr std::size_t shown_classes = 5;
/// Rows ranked of a batch.
inline constexpr std::size_t ranked_rows = 64;
/// How far a row's sum may be from 1 for its values to be probabilities: float16 keeps three decimals.
inline constexpr double probability_slack = 2e-3;

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

/// Of the memory that is free at the start, what the host's domains of a server may use where no limit is given.
inline constexpr double host_share = 0.8;

// -- simulations ------------------------------------------------------------------------------------------------------

/// Values of one option in a sweep: more is a slip of the step.
inline constexpr std::size_t swept_values = 1000;
/// A search for a rate ends when it lies between two that differ by so much: less than what seeds differ by.
inline constexpr double goodput_precision = 0.005;
/// It looks so many times higher and lower than where it begins.
inline constexpr double goodput_range = 1e6;

} // namespace baton::apps::defaults
