#include "metadata/kernel_choices.hpp"

namespace baton::metadata {

std::optional<std::string> process_choices::find(const kernel_problem& of) {
  std::lock_guard lock(mutex_);
  const auto known = known_.find(of);
  return known == known_.end() ? std::nullopt : std::optional(known->second);
}

std::string process_choices::keep(const kernel_problem& of, std::string_view choice) {
  std::lock_guard lock(mutex_);
  return known_.try_emplace(of, choice).first->second;
}

void process_choices::replace(const kernel_problem& of, std::string_view choice) {
  std::lock_guard lock(mutex_);
  known_.insert_or_assign(of, std::string(choice));
}

const std::shared_ptr<kernel_choices>& process_choices::of_this_process() {
  static const std::shared_ptr<kernel_choices> all = std::make_shared<process_choices>();
  return all;
}

} // namespace baton::metadata
