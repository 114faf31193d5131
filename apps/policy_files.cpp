#include "apps/policy_files.hpp"

#include <memory>
#include <sstream>

#include <dlfcn.h>

#include <fmt/format.h>

#include "scheduling/policy_plugin.hpp"

namespace baton::apps {
namespace {

expected<void> open_policy(const std::string& file) {
  const auto wrong = [&](const std::string& why) {
    return fail(errc::bad_argument, fmt::format("--policy {}: {}", file, why));
  };
  auto* opened = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL); // stays: its policies may live as long as the process
  if (!opened)
    return wrong(fmt::format("cannot be opened: {}", ::dlerror()));
  const auto interface = reinterpret_cast<std::uint32_t (*)()>(::dlsym(opened, "baton_policy_interface"));
  const auto make = reinterpret_cast<scheduling::policy* (*)()>(::dlsym(opened, "baton_make_policy"));
  if (!interface || !make)
    return wrong("is no policy: BATON_POLICY stands nowhere in it");
  if (interface() != scheduling::policy_interface)
    return wrong(fmt::format("is built for version {} of the interface, this program has {}", interface(),
                             scheduling::policy_interface));
  scheduling::add_policy(file, [make] { return std::unique_ptr<scheduling::policy>(make()); });
  return {};
}

} // namespace

expected<void> open_policies(const std::string& policies) {
  std::istringstream names(policies);
  for (std::string name; std::getline(names, name, ',');)
    if (name.find('/') != std::string::npos)
      if (auto opened = open_policy(name); !opened)
        return opened;
  return {};
}

expected<std::string> with_objective(const std::string& policies, const std::string& objective) {
  if (objective.empty())
    return policies;
  std::istringstream names(policies);
  std::string result;
  bool found = false;
  for (std::string name; std::getline(names, name, ',');) {
    result += (result.empty() ? "" : ",") + name + (name == "marginal" ? ":" + objective : "");
    found = found || name == "marginal";
  }
  if (!found)
    return fail(errc::bad_argument, "--objective: none of --policy is marginal");
  return result;
}

} // namespace baton::apps
