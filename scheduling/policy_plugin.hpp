#pragma once

#include <cstdint>

#include "scheduling/policy.hpp"

/// What a policy of your own includes, and all that it needs of Baton: no library. docs/policies.md tells how.
namespace baton::scheduling {

/// Raised with each change of what a policy and the engine know of each other.
inline constexpr std::uint32_t policy_interface = 5;

} // namespace baton::scheduling

/// Stands once in the shared object: `type` is its policy, which needs no argument to be made.
// Two functions with names that a linker finds.
// NOLINTBEGIN(cppcoreguidelines-macro-usage, bugprone-macro-parentheses)
#define BATON_POLICY(type)                                                                                             \
  extern "C" std::uint32_t baton_policy_interface() {                                                                  \
    return baton::scheduling::policy_interface;                                                                        \
  }                                                                                                                    \
  extern "C" baton::scheduling::policy* baton_make_policy() {                                                          \
    return new type();                                                                                                 \
  }
// NOLINTEND(cppcoreguidelines-macro-usage, bugprone-macro-parentheses)
