#include "gpu/cuda_loader.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <string_view>
#include <system_error>

#include <dlfcn.h>

namespace baton::gpu {
namespace {

namespace fs = std::filesystem;

std::string last_problem() {
  const char* text = ::dlerror();
  return text ? text : "unknown error";
}

/// The plugin binds NVIDIA's libraries by their names; what is open already under a name serves.
void open_libraries() {
  const char* folders = std::getenv("BATON_CUDA_LIBS");
  if (!folders)
    return;
  std::string_view rest = folders;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(':'), rest.size());
    for (const auto* name : {"libcublasLt.so.13", "libcudnn.so.9"})
      (void)::dlopen((fs::path(rest.substr(0, end)) / name).c_str(), RTLD_NOW | RTLD_GLOBAL);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

expected<fs::path> find_plugin() {
  std::error_code ignored;
  const auto home = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const auto& path : {home / "libbaton_cuda.so", home / "../lib/baton/libbaton_cuda.so"})
    if (fs::exists(path, ignored))
      return path;
  return fail(errc::unavailable,
              "libbaton_cuda.so is neither beside the program nor in ../lib/baton: this build has no "
              "CUDA backend");
}

expected<backend*> open_plugin(const std::string& file) {
  fs::path path = file;
  if (file.empty()) {
    // A look for the driver is cheap; NVIDIA's libraries take a long time to load.
    if (!::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL))
      return fail(errc::unavailable, "this machine has no CUDA driver (libcuda.so.1)");
    auto found = find_plugin();
    if (!found)
      return tl::unexpected(found.error());
    path = std::move(*found);
  }
  open_libraries();
  auto* library = ::dlopen(fs::absolute(path).c_str(), RTLD_NOW | RTLD_LOCAL); // never closed
  if (!library)
    return fail(errc::unavailable, "the CUDA plugin cannot be opened: " + last_problem());
  auto* open = reinterpret_cast<open_backend>(::dlsym(library, "baton_cuda_backend"));
  if (!open)
    return fail(errc::unavailable, "'" + path.string() + "' is no CUDA plugin: " + last_problem());
  std::string why;
  if (auto* made = open(backend_version, why))
    return made;
  return fail(errc::unavailable, why);
}

} // namespace

expected<backend*> open_cuda(const std::string& file) {
  static std::mutex mutex;
  static std::map<std::string, expected<backend*>> opened;
  std::lock_guard lock(mutex);
  auto found = opened.find(file);
  if (found == opened.end())
    found = opened.emplace(file, open_plugin(file)).first;
  return found->second;
}

} // namespace baton::gpu
