#include "gpu/cuda/kernel_trial.hpp"

#include <algorithm>
#include <mutex>
#include <optional>

#include "gpu/cuda/defaults.hpp"
#include "gpu/cuda/event_timer.hpp"

namespace baton::gpu::cuda {
namespace {

using metadata::duration;

/// The layer's operands in memory of their own, and the steps built since `from`, which run there.
class trial {
public:
  trial(const layer_builder& b, const layer_builder::mark& from)
      : on_(b.on()), values_(b.operands()), block_(b.temporary(end_of(values_))),
        scratch_(b.temporary(std::max<std::size_t>(b.scratch_bytes(), 1))),
        state_(b.temporary(std::max<std::size_t>(b.state_bytes(), 1))), steps_(b.steps_since(from)) {
    for (const auto* memory : {&block_, &scratch_, &state_}) // zeros would be quicker than numbers are
      check(cudaMemsetAsync(memory->data(), defaults::trial_byte, memory->bytes(), on_.stream()), "cudaMemsetAsync");
  }
  ~trial() { (void)cudaStreamSynchronize(on_.stream()); } // the memory goes now
  trial(const trial&) = delete;
  trial& operator=(const trial&) = delete;

  /// Of one run of all of them; not exactly if it takes long, and if single calls are beyond `hopeless`: these take
  /// some microseconds each, whatever they do.
  duration time(duration hopeless) {
    run(); // loads the kernels
    on_.drain();
    auto best = timer_.time(on_.stream(), [&] { run(); });
    if (best > std::min(std::max(hopeless, duration(defaults::trial_short)), duration(defaults::trial_long)))
      return best;
    const auto graph = on_.capture_to_measure([&] {
      for (int i = 0; i < defaults::trial_repeats; ++i)
        run();
    });
    if (!graph.ready)
      return best;
    const auto launch = [&] { check(cudaGraphLaunch(graph.ready.get(), on_.stream()), "cudaGraphLaunch"); };
    launch();
    best = duration::max();
    for (int i = 0; i < defaults::trial_runs; ++i)
      best = std::min(best, timer_.time(on_.stream(), launch) / defaults::trial_repeats);
    return best;
  }

private:
  static std::size_t end_of(std::span<const planned_value> values) {
    std::size_t end = 1;
    for (const auto& v : values)
      end = std::max(end, v.offset + v.bytes);
    return end;
  }
  void run() const {
    run_context c{on_, {.values = values_, .block = block_.data(), .scratch = scratch_.data(), .state = state_.data()}};
    for (const auto& s : steps_) {
      c.values.part = s.parts.first;
      s.enqueue(c);
    }
  }

  lane& on_;
  std::vector<planned_value> values_;
  buffer block_, scratch_, state_;
  std::span<const step> steps_;
  event_timer timer_;
};

/// The number of the fastest; nothing if there was no room to try any. What is built is taken away again.
std::optional<std::size_t> search(layer_builder& b, std::span<const kernel_way> ways) {
  std::optional<std::size_t> fastest;
  std::optional<failure> why;
  auto best = duration::max();
  auto room = true;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const auto mark = b.here();
    try {
      ways[i].build();
      const auto time = trial(b, mark).time(best == duration::max() ? best : 2 * best);
      if (time < best) {
        best = time;
        fastest = i;
      }
    } catch (const failure& f) {
      if (f.why().code != errc::bad_model && f.why().code != errc::out_of_memory)
        throw;
      room = room && f.why().code != errc::out_of_memory;
      why = f;
    }
    b.rewind(mark);
  }
  if (!fastest && room && why)
    throw *why;
  return fastest;
}

} // namespace

void add_fastest(layer_builder& b, const metadata::kernel_problem& of, std::span<const kernel_way> ways) {
  if (ways.size() == 1)
    return ways.front().build();
  const auto number_of = [&](const std::string& name) -> std::optional<std::size_t> {
    const auto i = std::find_if(ways.begin(), ways.end(), [&](const kernel_way& w) { return w.name == name; });
    return i == ways.end() ? std::nullopt : std::optional<std::size_t>(i - ways.begin());
  };
  // One search at a time: two would disturb each other's figures. A way may have a search of its own.
  static std::recursive_mutex searching;
  std::unique_lock lock(searching, std::defer_lock);
  {
    const lane::no_calls meanwhile(b.on()); // who searches may wait for all others to make none
    lock.lock();
  }
  const auto known = b.choices().find(of);
  if (known)
    if (const auto i = number_of(*known)) {
      const auto mark = b.here();
      try {
        return ways[*i].build();
      } catch (const failure& f) {
        if (f.why().code != errc::bad_model)
          throw;
        b.rewind(mark);
      }
    }
  const auto found = search(b, ways);
  if (!found)
    return ways.front().build(); // untried: nothing to be kept
  auto counts = *found;
  if (known)
    b.choices().replace(of, ways[counts].name);
  else
    counts = number_of(b.choices().keep(of, ways[counts].name)).value_or(counts); // somebody else's, if they were first
  ways[counts].build();
}

} // namespace baton::gpu::cuda
