#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <cuda_runtime_api.h>

#include "tests/fake_cuda/device_memory.hpp"
#include "tests/fake_cuda/fake_cuda.hpp"
#include "tests/fake_cuda/handles.hpp"
#include "tests/fake_cuda/order.hpp"

namespace fake_cuda {

struct graph;

/// Something that may be put on a stream, at once or by a graph.
struct operation {
  enum class sort {
    kernel,
    copy,         ///< may touch pinned memory, and other devices' without peer access
    mark,         ///< is carried out on a lost device too, so that waits end
    host_function ///< `run` is called in the host's name
  };
  const char* name = "";
  sort is = sort::kernel;
  ranges touched;
  std::function<void()> run;
};

/// What a stream's thread is given.
struct job {
  std::function<void()> run;
  std::vector<piece> touched;
  const char* name = "";
  bool always = false;     ///< on a lost device too
  bool loses = false;      ///< the device
  std::uint64_t delay = 0; ///< microseconds
};

/// A point that a stream's thread passes once.
class milestone {
public:
  void pass();
  void wait();
  bool passed();
  std::chrono::steady_clock::time_point time(); ///< @pre passed

  vector_clock before; ///< under the machine's lock: what is over when it was passed

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool passed_ = false;
  std::chrono::steady_clock::time_point time_;
};

/// An order of operations, carried out by a thread of its own.
class stream {
public:
  /// `first` is the number of the last operation that was put on `slot`.
  stream(int device, unsigned slot, tick first);
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;

  void push(job j);
  bool reached(tick at);
  void wait(tick at);
  /// Returns when all is done and the thread has ended.
  void stop();

  const int device;
  const unsigned slot; ///< in clocks
  const unsigned number;
  // Under the machine's lock:
  vector_clock now; ///< what is ordered before the next operation
  tick issued;
  std::uint64_t host_seen = 0; ///< the version of the host's clock in `now`
  std::uint64_t chance;        ///< for delays
  std::shared_ptr<graph> capture;
  cudaStreamCaptureMode capture_mode = cudaStreamCaptureModeThreadLocal;
  std::thread::id captured_by;

private:
  void serve();

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable progress_;
  std::deque<job> queue_;
  tick done_;
  bool stop_ = false;
  std::thread thread_;
};

handles<cudaStream_t, stream>& streams();

/// The stream, which must be one of the current device.
std::shared_ptr<stream> usable_stream(cudaStream_t handle, const char* call);
/// The stream, of whatever device; not the default one.
std::shared_ptr<stream> any_stream(cudaStream_t handle, const char* call);

/// Puts `op` on `s`, or into the graph that it captures; on a lost device, only if it is a mark. Under the machine's
/// lock.
void submit(stream& s, const operation& op);
/// The stream with this slot, if there is one. Under the machine's lock.
std::shared_ptr<stream> stream_at(unsigned slot);

} // namespace fake_cuda
