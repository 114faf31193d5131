#include "metadata/importer/collector.hpp"

#include "metadata/defaults.hpp"

namespace baton::metadata::importer {

void collector::add(const problem& p, const std::string& kind) {
  if (mode_ == mode::stop_at_first)
    throw p;
  if (const auto known = by_kind_.find(kind); !kind.empty() && known != by_kind_.end()) {
    ++noted_[known->second].times;
    return;
  }
  if (noted_.size() >= defaults::max_problems) {
    ++left_out_;
    return;
  }
  if (!kind.empty())
    by_kind_.emplace(kind, noted_.size());
  noted_.push_back({{p.code, p.what()}, 1});
}

model_problems collector::take() {
  return {std::move(noted_), left_out_};
}

} // namespace baton::metadata::importer
