#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "apps/simulate/sweep.hpp"

namespace baton::apps::simulate {

/// Titles of swept values and figures, and a row of them per combination and policy: means of the seeds with 95%
/// intervals. `of`: by run of the sweep.
std::vector<std::string> comparison_titles(const sweep& s);
std::vector<std::vector<std::string>> comparison_rows(const sweep& s, const std::vector<outcomes>& of);
/// The same as text.
std::string comparison_table(const sweep& s, const std::vector<outcomes>& of);
/// A row per combination, policy and seed.
std::string comparison_csv(const sweep& s, const std::vector<outcomes>& of);
/// What was simulated and what came out, means and intervals and all runs. Of a sweep: under `points`, with the values.
std::string comparison_json(const sweep& s, const std::vector<outcomes>& of);
/// A figure by its name in these, over the seeds of one policy. @pre it has one of that name
estimate figure_of(std::string_view name, const std::vector<outcome>& seeds);

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
