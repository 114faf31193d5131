#include "apps/stb.hpp"

#include <cstdlib>

namespace baton::apps {

thread_local std::size_t stb_allocation_limit = 0;

namespace {

void* bounded_realloc(void* old, std::size_t bytes) {
  return bytes > stb_allocation_limit ? nullptr : std::realloc(old, bytes);
}

} // namespace

} // namespace baton::apps

#define STBI_ONLY_PNG
#define STBI_ONLY_JPEG
#define STBI_NO_STDIO
#define STBI_FAILURE_USERMSG
#define STBI_MALLOC(bytes) baton::apps::bounded_realloc(nullptr, bytes)
#define STBI_REALLOC(old, bytes) baton::apps::bounded_realloc(old, bytes)
#define STBI_FREE(p) std::free(p)
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>
