#include "apps/simulate/lower_bound.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include <glpk.h>

namespace baton::apps::simulate {
namespace {

constexpr std::size_t most_intervals = 128;
/// The solver's tolerance, by which a bound is lowered to be one.
constexpr double tolerance = 1e-6;

/// A linear program, put together entry by entry. Rows are sums of columns; columns are not below 0.
class linear_program {
public:
  linear_program() : problem_(glp_create_prob()) { glp_set_obj_dir(problem_.get(), GLP_MIN); }

  int column(double cost = 0) {
    const auto c = glp_add_cols(problem_.get(), 1);
    glp_set_col_bnds(problem_.get(), c, GLP_LO, 0, 0);
    glp_set_obj_coef(problem_.get(), c, cost);
    return c;
  }
  int at_most(double bound) { return row(GLP_UP, 0, bound); }
  int exactly(double value) { return row(GLP_FX, value, value); }
  void put(int row, int column, double factor) {
    rows_.push_back(row);
    columns_.push_back(column);
    factors_.push_back(factor);
  }
  /// The least cost.
  expected<double> solve() {
    glp_load_matrix(problem_.get(), static_cast<int>(rows_.size()) - 1, rows_.data(), columns_.data(), factors_.data());
    glp_smcp how;
    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_OFF;
    how.presolve = GLP_ON;
    if (glp_simplex(problem_.get(), &how) != 0 || glp_get_status(problem_.get()) != GLP_OPT)
      return fail(errc::internal, "GLPK found no optimum of the lower bound's linear program");
    return glp_get_obj_val(problem_.get());
  }

private:
  struct deleter {
    void operator()(glp_prob* p) const { glp_delete_prob(p); }
  };
  int row(int kind, double low, double high) {
    const auto r = glp_add_rows(problem_.get(), 1);
    glp_set_row_bnds(problem_.get(), r, kind, low, high);
    return r;
  }

  std::unique_ptr<glp_prob, deleter> problem_;
  std::vector<int> rows_{0}, columns_{0}; // GLPK counts from 1
  std::vector<double> factors_{0};
};

/// Jobs that are alike: `released[k]` of them by the start of interval k.
struct job_class {
  std::uint32_t model = 0;
  std::vector<double> released;
};

double in_ms(duration d) {
  return static_cast<double>(d.count()) / 1e6;
}

/// Intervals between releases, the last one open: its length is what is asked for.
struct timeline {
  std::vector<time_point> starts;
  std::size_t size() const { return starts.size(); }
  bool is_last(std::size_t k) const { return k + 1 == starts.size(); }
  double length(std::size_t k) const { return in_ms(starts[k + 1] - starts[k]); }
};

std::vector<job_class> classes_of(const bound_problem& p, std::size_t apart, const timeline& times) {
  const auto interval = [&](time_point release) {
    return static_cast<std::size_t>(std::lower_bound(times.starts.begin(), times.starts.end(), release)
                                    - times.starts.begin());
  };
  const auto together = p.jobs.size() - std::min(apart, p.jobs.size());
  // By model and, of those apart, by release.
  std::map<std::pair<std::uint32_t, std::size_t>, job_class> found;
  for (std::size_t j = 0; j < p.jobs.size(); ++j) {
    const auto k = interval(p.jobs[j].release);
    auto& c = found[{p.jobs[j].model, j < together ? SIZE_MAX : k}];
    c.model = p.jobs[j].model;
    c.released.resize(times.size());
    for (auto later = k; later < times.size(); ++later)
      ++c.released[later];
  }
  std::vector<job_class> result;
  result.reserve(found.size());
  for (auto& [key, c] : found)
    result.push_back(std::move(c));
  return result;
}

/// What each device does of each class in each interval, so that the last one is shortest.
expected<double> shortest_end(const bound_problem& p, const std::vector<job_class>& classes, const timeline& times) {
  linear_program lp;
  const auto end = lp.column(1);
  const auto devices = p.takes.front().size();
  /// At most `times` the interval.
  const auto within = [&](std::size_t k, double factor) {
    const auto r = lp.at_most(times.is_last(k) ? 0 : factor * times.length(k));
    if (times.is_last(k))
      lp.put(r, end, -factor);
    return r;
  };
  std::vector<std::vector<int>> busy(times.size());
  for (std::size_t k = 0; k < times.size(); ++k)
    for (std::size_t i = 0; i < devices; ++i)
      busy[k].push_back(within(k, 1));
  for (const auto& c : classes) {
    std::vector<std::pair<int, double>> done; // columns so far, and what share of a job a millisecond is
    for (std::size_t k = 0; k < times.size(); ++k) {
      if (c.released[k] == 0)
        continue;
      const auto one_at_a_time = within(k, c.released[k]);
      for (std::size_t i = 0; i < devices; ++i) {
        const auto x = lp.column();
        lp.put(busy[k][i], x, 1);
        lp.put(one_at_a_time, x, 1);
        done.emplace_back(x, 1 / in_ms(p.takes[c.model][i]));
      }
      if (!times.is_last(k) && c.released[k + 1] == c.released[k])
        continue; // more is released later only at the next change
      const auto r = times.is_last(k) ? lp.exactly(c.released[k]) : lp.at_most(c.released[k]);
      for (const auto& [x, share] : done)
        lp.put(r, x, share);
    }
  }
  return lp.solve();
}

} // namespace

expected<time_point> makespan_bound(bound_problem p, std::size_t apart) {
  if (p.jobs.empty())
    return time_point{};
  for (const auto& of_model : p.takes)
    if (std::any_of(of_model.begin(), of_model.end(), [](duration d) { return d <= duration{}; }))
      return fail(errc::bad_argument, "a job that takes no time has no lower bound");
  std::stable_sort(p.jobs.begin(), p.jobs.end(), [](const auto& a, const auto& b) { return a.release < b.release; });
  const auto together = p.jobs.size() - std::min(apart, p.jobs.size());
  const auto step = together / most_intervals + 1;
  for (std::size_t j = 0; j < together; ++j)
    p.jobs[j].release = p.jobs[j - j % step].release;
  timeline times;
  for (const auto& j : p.jobs)
    if (times.starts.empty() || times.starts.back() != j.release)
      times.starts.push_back(j.release);
  const auto last = shortest_end(p, classes_of(p, apart, times), times);
  if (!last)
    return tl::unexpected(last.error());
  const auto whole = in_ms(times.starts.back() - times.starts.front()) + *last;
  const auto lowered = std::max(0.0, *last - whole * tolerance);
  return times.starts.back() + duration(static_cast<std::int64_t>(lowered * 1e6));
}

} // namespace baton::apps::simulate
