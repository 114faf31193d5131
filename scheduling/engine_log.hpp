#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "scheduling/engine.hpp"

/// The engine log: the initial state and every input with its `now`, lossless, as text, one line each. With it goes,
/// per input, a digest of the actions it caused, so that a replay finds the first difference. No I/O here: strings in,
/// strings out.
namespace baton::scheduling {

/// The first line: format version, cluster and policy.
std::string encode_header(const engine::config& c);
/// One input and the digest of its actions. Ends in a newline.
std::string encode_entry(const event& e, time_point now, const actions& done);
/// The last line of a log that had to stop before its engine did, and why. A log that ends without it ends with its
/// engine.
std::string encode_stop(std::string_view reason);
/// An action as text, for people and for comparison.
std::string to_text(const action& a);
std::string to_text(const event& e);

struct replay_result {
  std::size_t events = 0;
  std::size_t first_difference = 0; ///< line number (from 1) of the first entry whose actions differ; 0: none
  bool complete = true;             ///< false: the log stopped early, by its own marker
  std::string expected_digest, actual;
};

/// Runs a log's inputs through a fresh engine. `next_line` gives the next line without its newline, false at the end.
/// `each`, if given, sees every input and the actions it caused. Errors: `bad_argument` naming the line that cannot be
/// read.
expected<replay_result> replay(const std::function<bool(std::string&)>& next_line,
                               const std::function<void(const event&, time_point, const actions&)>& each = {});

} // namespace baton::scheduling
