#pragma once

#include <cstddef>

/// What stb's decoders run under. Their implementation is compiled in stb.cpp only, with PNG and JPEG and nothing else.
namespace baton::apps {

/// Bytes that one allocation of stb may have on this thread; larger ones fail, as if there were no memory. Zero
/// outside `decode_picture`: a compressed file can claim to hold far more than its picture needs.
extern thread_local std::size_t stb_allocation_limit;

} // namespace baton::apps
