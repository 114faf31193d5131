#include "metadata/latency_table.hpp"

#include <algorithm>
#include <string>

#include "metadata/defaults.hpp"
#include "metadata/rate.hpp"

namespace baton::metadata {

expected<void> latency_table::add(std::uint32_t n, std::vector<duration> times, std::vector<resource_use> used) {
  const auto refuse = [&](const std::string& what) {
    return fail(errc::bad_argument, "times at " + std::to_string(n) + " rows: " + what);
  };
  if (n == 0 || n > defaults::max_rows)
    return refuse("the rows must be from 1 to " + std::to_string(defaults::max_rows));
  if (!empty() && times.size() != layer_count())
    return refuse(std::to_string(times.size()) + " layers where there are " + std::to_string(layer_count()));
  for (std::size_t i = 0; i < times.size(); ++i)
    if (times[i] < duration::zero() || times[i] > defaults::max_layer_time)
      return refuse("layer " + std::to_string(i) + " takes " + std::to_string(times[i].count()) + " ns");
  if (!used.empty() && used.size() != times.size())
    return refuse("what " + std::to_string(used.size()) + " layers use, of " + std::to_string(times.size()));
  for (std::size_t i = 0; i < used.size(); ++i)
    if (std::max(used[i].arithmetic, used[i].memory) > whole_device)
      return refuse("layer " + std::to_string(i) + " uses more than there is");
  const auto at = std::lower_bound(rows.begin(), rows.end(), n);
  if (at != rows.end() && *at == n)
    return refuse("they are there already");
  if (!used.empty() || !uses.empty()) {
    uses.resize(rows.size());
    uses.insert(uses.begin() + (at - rows.begin()), std::move(used));
  }
  layers.insert(layers.begin() + (at - rows.begin()), std::move(times));
  rows.insert(at, n);
  return {};
}

duration latency_table::layer(std::uint32_t i, std::uint32_t n) const {
  const auto above = static_cast<std::size_t>(std::lower_bound(rows.begin(), rows.end(), n) - rows.begin());
  if (above == 0)
    return layers.front()[i];
  if (above < rows.size() && rows[above] == n)
    return layers[above][i];
  const auto last = layers.back()[i];
  const auto in_proportion = to_duration(wide{last.count()} * n / rows.back());
  if (rows.size() == 1)
    return in_proportion;
  const auto to = std::min(above, rows.size() - 1);
  const auto from = to - 1;
  const auto line = to_duration(
      (wide{layers[from][i].count()} * (wide{rows[to]} - n) + wide{layers[to][i].count()} * (wide{n} - rows[from]))
      / (rows[to] - rows[from]));
  return above < rows.size() ? line : std::clamp(line, last, in_proportion);
}

resource_use latency_table::use(std::uint32_t i, std::uint32_t n) const {
  const auto above = static_cast<std::size_t>(std::lower_bound(rows.begin(), rows.end(), n) - rows.begin());
  const auto at = std::min(above, rows.size() - 1);
  return at < uses.size() && !uses[at].empty() ? uses[at][i] : resource_use{};
}

duration latency_table::whole(std::uint32_t n) const {
  duration sum{};
  for (std::uint32_t i = 0; i < layer_count(); ++i)
    sum += std::min(layer(i, n), never - sum);
  return sum;
}

} // namespace baton::metadata
