#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gpu/device_spec.hpp"
#include "metadata/error.hpp"
#include "metadata/ids.hpp"
#include "metadata/kernel_choices.hpp"
#include "metadata/model.hpp"
#include "metadata/profile.hpp"

/// The border between Baton and what computes. Shaped for a stream-ordered device: work is submitted to a lane and
/// answered by a ticket; completions are polled. A CPU device is *inline*: `submit` returns when the work is done.
/// Nothing is thrown across this border. Source of the shape: DESIGN's "Devices" (see docs/decisions/001).
namespace baton::gpu {

using metadata::device_id;
using metadata::domain_id;
using metadata::duration;
using metadata::lane_id;
using metadata::position;

/// A point in a lane's order. Sequences of a lane start at 1 and rise by one; 0 is "nothing to wait for".
struct ticket {
  device_id device;
  lane_id lane;
  std::uint64_t sequence = 0;
};

/// What became of a submission.
struct completion {
  ticket done;
  duration elapsed{};           ///< of the whole submission, on the device, without what it had to wait for
  std::optional<error> failure; ///< `bad_request`: this task's data is at fault; `device_failed`: the device is
  duration so_far{};            ///< `bindings::device_time`, this submission's included
  std::optional<std::chrono::steady_clock::time_point> ended; ///< on an asynchronous device: as its host saw it
};

/// The last sequence issued to a lane and the last that completed; equal on an inline device between calls.
struct frontier {
  std::uint64_t issued = 0;
  std::uint64_t completed = 0;
};

/// Memory of one domain. Freed with the last reference. Thread-safe to share; written by its holder only.
class block {
public:
  virtual ~block() = default;
  virtual std::byte* data() = 0; ///< an address of the domain; on a GPU not for the host to follow
  virtual std::size_t bytes() const = 0;
};

/// The prepared weights of one model in one domain: read once, laid out once for all shapes, shared by its plans.
/// Thread-safe.
class weights {
public:
  virtual ~weights() = default;
  virtual std::size_t bytes() const = 0;
};

struct bindings;

/// Values to be read out of a block: those listed, then, if `state_of` is one, that layer's carried state.
struct values_read {
  const bindings* from = nullptr;
  std::span<const metadata::value_index> values; ///< roots that have a place in the plan
  std::uint32_t state_of = metadata::none;       ///< a layer
  ticket ready;                                  ///< what wrote them: waited for
};

/// How a layer is computed, for people.
struct kernel_note {
  std::string name;     ///< empty: there was no choice
  duration predicted{}; ///< measured when it was chosen, alone; zero: not known
  duration direct{};    ///< the same of the best one that computes as written down
};

/// What a device kind needs to run a model at one shape: kernels, layouts, memory plan. Immutable, shared by the
/// devices of its kind in its domain.
class plan {
public:
  virtual ~plan() = default;
  virtual const metadata::model& of() const = 0;
  virtual const metadata::symbol_values& symbols() const = 0;
  virtual const std::string& device_kind() const = 0;
  /// Parts of each layer and the time one takes, from a quick measurement when the plan was built.
  virtual const metadata::plan_profile& profile() const = 0;
  virtual kernel_note kernel(std::uint32_t /*layer*/) const { return {}; }
  /// Size of an activation block: every value (inputs too) at its planned offset, carried state included.
  virtual std::size_t block_bytes() const = 0;
  /// How values leave a device kind: copies them to host memory, one close behind the other, in the canonical layout.
  /// Blocks. Thread-safe. `cancel`, if given, is looked at between chunks. Errors: `cancelled`, `bad_argument` (no
  /// block of this plan, or `to` is not of the size of them all), `device_failed`.
  virtual expected<void> read(const values_read& what, std::span<std::byte> to,
                              const std::atomic<bool>* cancel) const = 0;
};

/// The memory of one request on one plan.
struct bindings {
  std::shared_ptr<block> activations;
  /// Per model input: an address in this domain to read it from; null: the input lies in the block. Empty: all do. Of a
  /// copy's source that has no block: an address in host memory.
  std::vector<const std::byte*> inputs;
  /// Per layer: time spent so far, added to by each completion. Sized by the holder; may be empty.
  std::vector<duration> layer_time;
  /// Of all submissions so far, added to by each completion. So it is complete once the last ticket is.
  duration device_time{};
};

/// Runs the parts [begin, end) of `what`. All pointers must outlive the completion.
struct submission {
  const gpu::plan* plan = nullptr;
  position begin;
  position end;
  bindings* data = nullptr;
  lane_id lane;
  std::span<const ticket> waits; ///< tickets that must complete first; an inline device is given only ready ones
};

/// In what numbers convolutions and matrix products of float32 multiply. Sums are of float32.
enum class precision : std::uint8_t {
  fp32,
  tf32, ///< where the device has it (NVIDIA since sm_80): factors rounded to 10 bits of mantissa; elsewhere fp32
  bf16  ///< CPUs that have it (AVX512_BF16): factors, and values between layers, rounded to 7 bits; others are refused
};

/// Whether a GPU launches a segment that it has run before in one call, as a captured graph.
enum class graph_use : std::uint8_t {
  measured, ///< of the plans for which that was faster
  always,
  never
};

struct device_description {
  device_id id;
  domain_id domain;
  std::string name;   ///< "cpu:0"
  std::string kind;   ///< devices of one kind build equal plans: "cpu/1" has one core, "cpu/1/bf16" rounds
  std::string detail; ///< for people: processor name, cores it is pinned to
  std::uint32_t lanes = 1;
  std::uint32_t urgent_lanes = 0; ///< numbered behind `lanes`: what is submitted there goes before what waits on others
  std::uint32_t cores = 0;
  bool is_inline = true;
  precision multiplies = precision::fp32;
  graph_use graphs = graph_use::measured;
};

struct domain_description {
  domain_id id;
  std::string name;        ///< "host", "a"
  std::uint64_t limit = 0; ///< bytes; 0: no limit
};

/// A device: its own execution order. Owned by one thread, which makes all calls (an inline device pins that thread to
/// its cores in `attach`).
class device {
public:
  virtual ~device() = default;
  virtual const device_description& description() const = 0;
  /// To be called first, on the thread that will own the device.
  virtual expected<void> attach() = 0;

  /// Builds a plan; prepares weights that no plan has needed yet; warms up and measures each layer. Slow (ms to s).
  /// Errors: `out_of_memory`, `io`, `bad_model` (a layer that this device cannot run, named).
  virtual expected<std::shared_ptr<const plan>> build_plan(std::shared_ptr<const metadata::model> of,
                                                           std::shared_ptr<weights> with,
                                                           metadata::symbol_values symbols) = 0;

  /// Errors: `bad_argument` (foreign plan, range or lane), `device_failed`. A failed submission issues nothing.
  virtual expected<ticket> submit(const submission& work) = 0;
  /// Moves completions into `out`, oldest first per lane; returns how many. Never blocks.
  virtual std::size_t poll(std::span<completion> out) = 0;
  /// Waits until `poll` would return something: a completion, or, of sequence 0, that the device is lost. False on
  /// timeout. For the pump thread of an asynchronous backend.
  virtual bool wait_any(std::chrono::milliseconds timeout) = 0;
  virtual frontier progress(lane_id lane) const = 0;
  /// What a submission that has not been polled has taken so far, as `completion::elapsed` counts. An inline device's
  /// has been, when anybody asks.
  virtual duration taken(const ticket& /*by*/) const { return {}; }
};

/// Where values are copied from or to: a plan's block in some domain.
struct values_at {
  const gpu::plan* plan = nullptr;
  bindings* data = nullptr;
  ticket ready; ///< of a source: what wrote the values; waited for
};

/// Copies live sets into one domain. Owned by one thread.
class copy_engine {
public:
  virtual ~copy_engine() = default;
  /// Copies the live set at `at` (see `model::live_values`, and the carried state) into `to`'s block, converting the
  /// layout where the plans differ. Values that `to` binds as external inputs are skipped. Inline: complete on return.
  /// `cancel`, if given, is looked at between chunks. Errors: `cancelled`, `bad_argument` (plans of different models or
  /// symbols).
  virtual expected<std::size_t> copy(values_at from, values_at to, position at, const std::atomic<bool>* cancel) = 0;
  /// Copies the model's outputs to canonical host tensors. @pre the task is at its end.
  virtual expected<std::vector<metadata::tensor>> fetch_outputs(values_at from, const std::atomic<bool>* cancel) = 0;
};

/// Bytes in use in a domain, by purpose.
struct memory_usage {
  std::size_t weights = 0;
  std::size_t blocks = 0;
  std::size_t scratch = 0; ///< of plans and devices
};

/// The memory of one domain. Thread-safe.
class domain {
public:
  virtual ~domain() = default;
  virtual const domain_description& description() const = 0;
  /// The (still empty) prepared weights of a model; plans fill them. One per model and domain.
  virtual expected<std::shared_ptr<weights>> load_weights(std::shared_ptr<const metadata::model> of) = 0;
  /// 64-byte aligned, contents undefined. Errors: `out_of_memory`.
  virtual expected<std::shared_ptr<block>> allocate(std::size_t bytes) = 0;
  virtual expected<std::unique_ptr<copy_engine>> open_copy_engine() = 0;
  virtual memory_usage usage() const = 0;
};

/// Devices and domains made from a list of specifications. Domain 0 is always the head's host domain.
class machine {
public:
  virtual ~machine() = default;
  virtual std::span<const device_description> devices() const = 0;
  virtual std::span<const std::shared_ptr<domain>> domains() const = 0;
  /// A fresh device object (a restarted worker opens it again). Errors: `not_found`, `device_failed`.
  virtual expected<std::unique_ptr<device>> open(device_id id) = 0;
};

/// The host's processor, for people; "unknown processor" where the system does not say.
std::string processor_name();

/// Bytes that this process may still use: the system's or its control group's. 0 where the system does not say.
std::uint64_t free_memory();

/// When a CPU device cuts a layer into parts, so that a request can be preempted within it.
struct cut_rule {
  duration longer_than{};  ///< layers that take longer than that; 0: none
  double most_cost = 1.03; ///< the parts together may take as many times what the whole takes
};

struct machine_options {
  std::uint64_t memory_limit = 0; ///< bytes per domain; 0: none
  /// Where there is no `memory_limit`: the share of the host's free memory that its domains may use, divided evenly; 0:
  /// no limit. What does not fit is refused then, instead of the system ending the process.
  double host_share = 0;
  bool pin_threads = true;
  /// The file of the CUDA plugin; empty: `libbaton_cuda.so` beside the program or in `../lib/baton`, if there is a
  /// driver.
  std::string cuda_plugin;
  precision multiplies = precision::fp32;
  graph_use graphs = graph_use::measured;
  /// On CPUs only kernels that compute as written down: no Winograd transforms.
  bool exact = false;
  cut_rule cuts;
  /// What searches for kernels found; null: known to this process only.
  std::shared_ptr<metadata::kernel_choices> choices;
};

/// Errors: `bad_argument` naming the item, or the device that has no such precision; more cores than the machine has is
/// an error only with pinning.
expected<std::unique_ptr<machine>> open_machine(std::span<const device_spec> specs,
                                                const machine_options& options = {});

} // namespace baton::gpu
