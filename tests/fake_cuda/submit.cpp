#include <chrono>
#include <string>
#include <thread>

#include "tests/fake_cuda/fault.hpp"
#include "tests/fake_cuda/graph.hpp"
#include "tests/fake_cuda/machine.hpp"
#include "tests/fake_cuda/stream.hpp"

/// How an operation comes onto a stream: what it touches is looked up, and compared with what was touched before.
namespace fake_cuda {
namespace {

/// A range, looked up.
struct found {
  std::size_t begin = 0; ///< offset in its block
  history* seen = nullptr;
  placement of; ///< if it is of device memory
};

found look_up(const stream& s, const operation& op, const range& r) {
  auto& memory = device_memory::instance();
  const auto owner = memory.owner(r.begin);
  if (owner < 0 && op.is == operation::sort::copy) {
    auto [begin, block] = pinned_memory::instance().holding(r.begin, r.bytes, op.name);
    return {.begin = static_cast<std::size_t>(static_cast<const char*>(r.begin) - begin), .seen = &block->seen};
  }
  if (owner < 0)
    die("%s: host address %p where device memory is meant", op.name, r.begin);
  const auto& here = *the_machine().devices[static_cast<std::size_t>(s.device)];
  if (owner != s.device && op.is != operation::sort::copy && !here.reaches[static_cast<std::size_t>(owner)])
    die("%s on stream %u of device %d was given memory of device %d", op.name, s.number, s.device, owner);
  auto& block = memory.holding(r.begin, r.bytes, op.name);
  return {.begin = memory.offset_of(r.begin) - block.where.begin, .seen = &block.seen, .of = block.where};
}

[[noreturn]] void tell_race(const touch_note& mine, const touch_note& other, int owner) {
  const std::string place = owner < 0 ? "a block of pinned memory" : "a block on device " + std::to_string(owner);
  die("race: %s on stream %u of device %d %s bytes [%zu,%zu) of %s, not ordered after %s on stream %u of device %d, "
      "which %s [%zu,%zu)",
      mine.name, mine.stream, mine.device, mine.write ? "writes" : "reads", mine.begin, mine.end, place.c_str(),
      other.name, other.stream, other.device, other.write ? "writes" : "reads", other.begin, other.end);
}

/// Takes note of what `op`, the last operation of `s`, touches; ends the process if that is not ordered.
std::vector<piece> take_note(stream& s, const operation& op) {
  std::vector<piece> pieces;
  for (const auto& r : op.touched) {
    if (r.bytes == 0)
      continue;
    const auto f = look_up(s, op, r);
    const touch_note mine{.begin = f.begin,
                          .end = f.begin + r.bytes,
                          .write = r.write,
                          .slot = s.slot,
                          .at = s.issued,
                          .stream = s.number,
                          .device = s.device,
                          .name = op.name};
    if (auto other = f.seen->add(mine, s.now, the_machine().host))
      tell_race(mine, *other, device_memory::instance().owner(r.begin));
    if (f.of.serial > 0)
      pieces.push_back({f.of.begin + f.begin, r.bytes, f.of});
  }
  return pieces;
}

/// Whether this operation is the one at which its device gets lost.
bool loses(device_state& device) {
  return device.lose_in > 0 && --device.lose_in == 0;
}

std::uint64_t next_delay(stream& s) {
  const auto most = the_machine().delay_us.load();
  if (most == 0)
    return 0;
  s.chance ^= s.chance << 13;
  s.chance ^= s.chance >> 7;
  s.chance ^= s.chance << 17;
  return s.chance % (most + 1);
}

/// A host function may tell the host that what was before it is over.
std::function<void()> in_hosts_name(const std::function<void()>& run, const vector_clock& before) {
  return [run, before] {
    auto& m = the_machine();
    {
      std::lock_guard lock(m.lock);
      m.host_waited_for(before);
    }
    in_host_function here;
    run();
  };
}

} // namespace

void submit(stream& s, const operation& op) {
  auto& m = the_machine();
  if (s.capture) {
    for (const auto& r : op.touched)
      if (r.bytes > 0)
        (void)look_up(s, op, r);
    s.capture->operations.push_back(op);
    return;
  }
  if (m.lost(s.device) && op.is != operation::sort::mark)
    return;
  if (s.host_seen != m.host_version) {
    s.now.join(m.host);
    s.host_seen = m.host_version;
  }
  s.now.set(s.slot, ++s.issued);
  ++m.operations;
  job j{.touched = take_note(s, op),
        .name = op.name,
        .always = op.is == operation::sort::mark,
        .loses = loses(*m.devices[static_cast<std::size_t>(s.device)]),
        .delay = next_delay(s)};
  j.run = op.is == operation::sort::host_function ? in_hosts_name(op.run, s.now) : op.run;
  s.push(std::move(j));
}

void enqueue(cudaStream_t handle, ranges touched, std::function<void()> run, const char* name) {
  enter(name);
  const auto s = usable_stream(handle, name);
  const operation op{.name = name, .touched = std::move(touched), .run = std::move(run)};
  std::this_thread::sleep_for(std::chrono::microseconds{the_machine().call_us});
  std::lock_guard lock(the_machine().lock);
  submit(*s, op);
}

} // namespace fake_cuda
