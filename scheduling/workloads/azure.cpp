#include "scheduling/workloads/azure.hpp"

#include <algorithm>

#include "metadata/csv.hpp"
#include "scheduling/defaults.hpp"
#include "scheduling/workloads/request_mix.hpp"

namespace baton::scheduling::workloads {

namespace {

struct invocations {
  std::uint32_t function = 0;
  std::uint32_t request_class = 0;
  std::uint32_t count = 0;
};
using minutes = std::vector<std::vector<invocations>>;

class azure_day final : public workload {
public:
  azure_day(const azure_functions& o, minutes counts, std::uint32_t functions, std::uint64_t seed)
      : o_(o), counts_(std::move(counts)), functions_(functions), seed_(seed) {
    fill();
  }

  std::optional<time_point> next() const override {
    return taken_ < due_.size() ? std::optional(due_[taken_].at) : std::nullopt;
  }
  arrival take() override {
    const auto a = due_[taken_++];
    fill();
    return a;
  }
  std::uint32_t sources() const override { return functions_; }

private:
  /// Makes the requests of the next minute that has any, once those before are taken.
  void fill() {
    while (taken_ == due_.size() && minute_ < counts_.size()) {
      due_.clear();
      taken_ = 0;
      for (const auto& x : counts_[minute_])
        ask(x);
      std::sort(due_.begin(), due_.end(), [](const arrival& a, const arrival& b) {
        return a.at != b.at ? a.at < b.at : a.source != b.source ? a.source < b.source : a.query < b.query;
      });
      ++minute_;
    }
  }
  void ask(const invocations& x) {
    random_numbers r(seed_of(seed_of(seed_, x.function), o_.first_minute + minute_));
    const auto start = o_.minute * static_cast<std::int64_t>(minute_);
    for (std::uint32_t i = 0; i < x.count; ++i) {
      const auto within = r.below(static_cast<std::uint64_t>(o_.minute.count()));
      auto a = o_.classes[x.request_class].ask(start + duration{static_cast<std::int64_t>(within)});
      a.source = x.function;
      a.query = std::uint64_t{o_.first_minute + minute_} << 32 | i;
      due_.push_back(a);
    }
  }

  azure_functions o_;
  minutes counts_;
  std::uint32_t functions_;
  std::uint64_t seed_;
  std::uint32_t minute_ = 0;
  std::vector<arrival> due_; ///< of the minute before `minute_`
  std::size_t taken_ = 0;
};

/// The file's columns of the minutes wanted, as far as there are any.
expected<std::vector<std::size_t>> minute_columns(const metadata::csv_reader& in, const azure_functions& o) {
  std::vector<std::size_t> columns;
  for (std::uint32_t m = 0; m < o.minutes; ++m) {
    const auto c = in.find(std::to_string(o.first_minute + m));
    if (!c)
      break;
    columns.push_back(*c);
  }
  if (columns.empty())
    return tl::unexpected(in.need(std::to_string(o.first_minute)).error());
  return columns;
}

expected<void> check(const azure_functions& o) {
  if (auto fine = request_mix::check(o.classes); !fine)
    return fine;
  for (const auto& [function, to] : o.class_of)
    if (to >= o.classes.size())
      return fail(errc::bad_argument, "there is no request class " + std::to_string(to));
  if (o.first_minute == 0 || o.minutes == 0 || o.minutes > defaults::minutes_a_day)
    return fail(errc::bad_argument, "minutes count from 1, and a day has 1440");
  if (o.minute <= duration::zero() || o.minute > std::chrono::hours(24))
    return fail(errc::bad_argument, "a minute of the file must last from 1 ns to a day");
  return {};
}

} // namespace

expected<workload_ptr> parse_azure(std::string_view csv, const azure_functions& o, std::uint64_t seed) {
  if (auto fine = check(o); !fine)
    return tl::unexpected(fine.error());
  auto in = metadata::csv_reader::open(csv);
  if (!in)
    return tl::unexpected(in.error());
  const auto name = in->need("HashFunction");
  const auto columns = minute_columns(*in, o);
  if (!name || !columns)
    return tl::unexpected(name ? columns.error() : name.error());
  minutes counts(columns->size());
  std::vector<std::uint64_t> totals(columns->size());
  std::uint32_t functions = 0;
  for (std::uint32_t taken = 0;; ++functions) {
    const auto more = in->next();
    if (!more)
      return tl::unexpected(more.error());
    if (!*more)
      break;
    const auto mapped = o.class_of.find(in->field(*name));
    if (!o.class_of.empty() && mapped == o.class_of.end())
      continue;
    const auto to = o.class_of.empty() ? taken++ % static_cast<std::uint32_t>(o.classes.size()) : mapped->second;
    for (std::size_t m = 0; m < columns->size(); ++m) {
      const auto n = in->number((*columns)[m], 0, defaults::most_invocations);
      if (!n)
        return tl::unexpected(n.error());
      totals[m] += static_cast<std::uint64_t>(*n);
      if (totals[m] > defaults::most_invocations)
        return in->wrong((*columns)[m],
                         "more than " + std::to_string(defaults::most_invocations) + " invocations in this minute");
      if (*n > 0)
        counts[m].push_back({functions, to, static_cast<std::uint32_t>(*n)});
    }
  }
  if (std::all_of(totals.begin(), totals.end(), [](std::uint64_t n) { return n == 0; }))
    return fail(errc::bad_argument, "line " + std::to_string(in->line()) + ": no function is invoked in these minutes");
  return std::make_unique<azure_day>(o, std::move(counts), functions, seed);
}

} // namespace baton::scheduling::workloads
