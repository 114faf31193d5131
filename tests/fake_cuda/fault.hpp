#pragma once

/// How the stand-in ends a process that uses CUDA wrongly, and what every call looks at first.
namespace fake_cuda {

/// The exit code of a process that did something wrong.
inline constexpr int fault_exit_code = 86;

/// Says "fake CUDA: ..." on stderr and ends the process.
[[noreturn]] [[gnu::format(printf, 1, 2)]] void die(const char* format, ...);

/// Begins every call that the stand-in implements: ends the process if a host function makes it.
void enter(const char* call);

/// The calling thread runs a host function while this lives.
class in_host_function {
public:
  in_host_function();
  ~in_host_function();
  in_host_function(const in_host_function&) = delete;
  in_host_function& operator=(const in_host_function&) = delete;
};

} // namespace fake_cuda
