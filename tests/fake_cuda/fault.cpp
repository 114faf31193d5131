#include "tests/fake_cuda/fault.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

namespace fake_cuda {
namespace {

thread_local bool host_function_runs = false;

} // namespace

void die(const char* format, ...) {
  std::va_list arguments;
  va_start(arguments, format);
  std::fputs("fake CUDA: ", stderr);
  std::vfprintf(stderr, format, arguments);
  std::fputc('\n', stderr);
  std::fflush(stderr);
  std::_Exit(fault_exit_code);
}

void enter(const char* call) {
  if (host_function_runs)
    die("%s: a CUDA call inside of a host function", call);
}

in_host_function::in_host_function() {
  host_function_runs = true;
}

in_host_function::~in_host_function() {
  host_function_runs = false;
}

} // namespace fake_cuda
