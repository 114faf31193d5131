#include "scheduling/workloads/trace.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>

#include "metadata/csv.hpp"
#include "metadata/defaults.hpp"
#include "metadata/in_quotes.hpp"

namespace baton::scheduling::workloads {

namespace {

class replayed final : public workload {
public:
  explicit replayed(std::vector<arrival> requests) : requests_(std::move(requests)) {
    std::stable_sort(requests_.begin(), requests_.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
  }
  std::optional<time_point> next() const override {
    return taken_ < requests_.size() ? std::optional(requests_[taken_].at) : std::nullopt;
  }
  arrival take() override { return requests_[taken_++]; }

private:
  std::vector<arrival> requests_;
  std::size_t taken_ = 0;
};

class trace_reader {
public:
  trace_reader(metadata::csv_reader reader, std::span<const std::string> models) : in_(std::move(reader)) {
    for (std::uint32_t i = 0; i < models.size(); ++i)
      models_.emplace(models[i], i);
  }

  expected<void> read_header() {
    constexpr std::array<std::string_view, 5> known{"time", "model", "priority", "deadline", "rows"};
    for (std::size_t c = 0; c < in_.columns(); ++c)
      if (std::find(known.begin(), known.end(), in_.column_name(c)) == known.end())
        return in_.wrong(c, "there are no such columns in traces, but time, model, priority, deadline and rows");
    const auto time = in_.need("time");
    const auto model = in_.need("model");
    if (!time || !model)
      return tl::unexpected(time ? model.error() : time.error());
    time_ = *time;
    model_ = *model;
    return {};
  }

  expected<std::vector<arrival>> read_rows() {
    std::vector<arrival> result;
    for (;;) {
      const auto more = in_.next();
      if (!more)
        return tl::unexpected(more.error());
      if (!*more)
        return result;
      auto a = read_row();
      if (!a)
        return tl::unexpected(a.error());
      a->query = result.size();
      result.push_back(*a);
    }
  }

private:
  /// The number in a column that may be missing or empty.
  expected<std::int64_t> number(std::string_view column, std::int64_t otherwise, std::int64_t least,
                                std::int64_t most) const {
    const auto c = in_.find(column);
    return c && !in_.field(*c).empty() ? in_.number(*c, least, most) : otherwise;
  }
  expected<arrival> read_row() const {
    using priorities = std::numeric_limits<std::int32_t>;
    const auto latest = (never - duration{1}).count();
    const auto time = in_.number(time_, 0, latest);
    const auto model = models_.find(in_.field(model_));
    const auto priority = number("priority", 0, priorities::min(), priorities::max());
    const auto deadline = number("deadline", never.count(), 0, latest);
    const auto rows = number("rows", 1, 1, metadata::defaults::max_rows);
    for (const auto* x : {&time, &priority, &deadline, &rows})
      if (!*x)
        return tl::unexpected(x->error());
    if (model == models_.end())
      return in_.wrong(model_, "there is no model " + metadata::in_quotes(in_.field(model_)));
    if (*deadline < *time)
      return in_.wrong(*in_.find("deadline"), "it is before the time of the request");
    return arrival{.at = time_point{*time},
                   .model = model->second,
                   .rows = static_cast<std::uint32_t>(*rows),
                   .priority = static_cast<std::int32_t>(*priority),
                   .deadline = time_point{*deadline}};
  }

  metadata::csv_reader in_;
  std::map<std::string, std::uint32_t, std::less<>> models_;
  std::size_t time_ = 0;
  std::size_t model_ = 0;
};

} // namespace

workload_ptr replay(std::vector<arrival> requests) {
  return std::make_unique<replayed>(std::move(requests));
}

expected<std::vector<arrival>> parse_trace(std::string_view csv, std::span<const std::string> models) {
  auto in = metadata::csv_reader::open(csv);
  if (!in)
    return tl::unexpected(in.error());
  trace_reader reader(std::move(*in), models);
  if (auto header = reader.read_header(); !header)
    return tl::unexpected(header.error());
  return reader.read_rows();
}

} // namespace baton::scheduling::workloads
