#pragma once

#include <string>

#include "metadata/error.hpp"

namespace baton::apps {

/// Opens the shared objects among `policies`, names with commas in between: what has a slash in it is a file. It is
/// then known to the engine by what it is called here. Errors: `bad_argument`, naming the file: it cannot be opened, is
/// no policy, or one of another version of the interface (scheduling/policy_plugin.hpp).
expected<void> open_policies(const std::string& policies);

/// `policies` with `marginal` told its objective. Errors: `bad_argument`: none of them is `marginal`, and there is an
/// objective.
expected<std::string> with_objective(const std::string& policies, const std::string& objective);

} // namespace baton::apps
