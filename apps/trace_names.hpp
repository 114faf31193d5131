#pragma once

#include <string>

#include "actors/trace/reader.hpp"

namespace baton::apps {

/// What a trace's numbers are called, for people.
class trace_names {
public:
  /// `of` must outlive it.
  explicit trace_names(const actors::trace::contents& of) : of_(of) {}

  /// "scheduler", "worker cpu:0", "transfer into host".
  std::string party(const actors::trace::party& p) const;
  std::string device(metadata::device_id d) const;
  std::string domain(metadata::domain_id d) const;
  /// "model 3" where the trace does not tell its name.
  std::string model(metadata::model_id m) const;
  /// The layers of the parts [first, last): "conv1", or "conv1 - fc" with the name of the first and the last.
  std::string layers(metadata::model_id m, metadata::position first, metadata::position last) const;

private:
  std::string layer(metadata::model_id m, std::uint32_t number) const;

  const actors::trace::contents& of_;
};

/// "3", or "3.2" inside a layer.
std::string position_text(metadata::position p);

} // namespace baton::apps
