#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "apps/simulate/simulation.hpp"

namespace baton::apps::simulate {

using outcomes = std::vector<std::vector<outcome>>; ///< by policy and seed

/// Titles of the figures, and a row of them per policy: means of the seeds with 95% intervals.
std::vector<std::string> comparison_titles();
std::vector<std::vector<std::string>> comparison_rows(const simulation& s, const outcomes& of);
/// The same as text.
std::string comparison_table(const simulation& s, const outcomes& of);
/// A row per policy and seed.
std::string comparison_csv(const simulation& s, const outcomes& of);
/// What was simulated and what came out, means and intervals and all runs.
std::string comparison_json(const simulation& s, const outcomes& of);

/// Writes the schedule of one run as CSV, a row per thing that a lane or a link did.
class schedule_writer final : public scheduling::observer {
public:
  /// Errors: `io` naming the file.
  static expected<std::unique_ptr<schedule_writer>> open(const std::string& file, const scheduling::emulation& what);
  void worked(const scheduling::work_record& w) override;
  /// Errors: `io`: it could not all be written.
  expected<void> close();

private:
  schedule_writer(std::ofstream out, std::string file, const scheduling::emulation& what)
      : out_(std::move(out)), file_(std::move(file)), what_(what) {}
  std::ofstream out_;
  std::string file_;
  const scheduling::emulation& what_;
};

} // namespace baton::apps::simulate
