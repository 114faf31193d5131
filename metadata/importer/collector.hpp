#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "metadata/importer/problem.hpp"
#include "metadata/model_problems.hpp"

namespace baton::metadata::importer {

/// What is done about a problem: either it ends the import, or it is noted and the import goes on without the part at
/// fault.
class collector {
public:
  enum class mode : std::uint8_t { stop_at_first, note_all };
  explicit collector(mode m) : mode_(m) {}

  /// Throws `p`, or notes it. Problems of one `kind`, if that is given, are noted once and counted.
  void add(const problem& p, const std::string& kind = {});
  /// Calls `f`; false if it threw a `problem`, which is then noted.
  template <class F>
  bool attempt(F f) {
    try {
      f();
      return true;
    } catch (const problem& p) {
      add(p, p.kind);
      return false;
    }
  }
  /// The same; what `f` throws is told behind `place`.
  template <class F>
  bool attempt(const std::string& place, F f) {
    return attempt([&] {
      try {
        f();
      } catch (const problem& p) {
        throw problem(place + p.what(), p.code);
      }
    });
  }

  bool empty() const { return noted_.empty(); }
  model_problems take();

private:
  mode mode_;
  std::vector<model_problem> noted_;
  std::unordered_map<std::string, std::size_t> by_kind_; // places in `noted_`
  std::size_t left_out_ = 0;
};

} // namespace baton::metadata::importer
