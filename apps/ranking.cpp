#include "apps/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/table.hpp"
#include "metadata/half.hpp"

namespace baton::apps {

namespace {

using metadata::element_type;

double element(const metadata::tensor& t, std::size_t i) {
  switch (t.type()) {
  case element_type::float64: return t.as<double>()[i];
  case element_type::float16: return static_cast<double>(metadata::from_float16(t.as<std::uint16_t>()[i]));
  case element_type::bfloat16: return static_cast<double>(metadata::from_bfloat16(t.as<std::uint16_t>()[i]));
  default: return static_cast<double>(t.as<float>()[i]);
  }
}

std::vector<double> row_of(const metadata::tensor& t, std::size_t row, std::size_t classes) {
  std::vector<double> values(classes);
  for (std::size_t i = 0; i < classes; ++i)
    values[i] = element(t, row * classes + i);
  return values;
}

bool are_probabilities(const std::vector<double>& row) {
  const auto slack = defaults::probability_slack;
  return std::all_of(row.begin(), row.end(), [&](double x) { return x >= 0 && x <= 1 + slack; })
         && std::abs(std::accumulate(row.begin(), row.end(), -1.0)) <= slack;
}

void apply_softmax(std::vector<double>& row) {
  const auto largest = *std::max_element(row.begin(), row.end());
  for (auto& x : row)
    x = std::exp(x - largest);
  const auto sum = std::accumulate(row.begin(), row.end(), 0.0);
  for (auto& x : row)
    x /= sum;
}

/// The places of the largest values, best first.
std::vector<std::size_t> best(const std::vector<double>& row, std::size_t count) {
  std::vector<std::size_t> places(row.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  const auto key = [&](std::size_t i) { return std::isnan(row[i]) ? -INFINITY : row[i]; };
  const auto end = places.begin() + static_cast<std::ptrdiff_t>(std::min(count, places.size()));
  std::partial_sort(places.begin(), end, places.end(), [&](auto a, auto b) {
    return key(a) != key(b) ? key(a) > key(b) : std::isnan(row[a]) != std::isnan(row[b]) ? std::isnan(row[b]) : a < b;
  });
  places.erase(end, places.end());
  return places;
}

const char* meaning(bool probabilities, bool softmax) {
  if (probabilities)
    return softmax ? "probabilities already, so --softmax changes nothing" : "probabilities";
  return softmax ? "scores, made probabilities by --softmax" : "not probabilities (--softmax makes scores such)";
}

} // namespace

bool looks_like_scores(const metadata::tensor& t) {
  const auto& s = t.shape();
  const auto is_float = t.type() == element_type::float32 || t.type() == element_type::float64
                        || t.type() == element_type::float16 || t.type() == element_type::bfloat16;
  return is_float && s.size() >= 2 && s[0] > 0 && s[1] >= 2
         && std::all_of(s.begin() + 2, s.end(), [](auto extent) { return extent == 1; });
}

std::string ranking(const std::string& output, const metadata::tensor& t, const ranking_options& options) {
  const auto classes = static_cast<std::size_t>(t.shape()[1]);
  const auto rows = static_cast<std::size_t>(t.shape()[0]);
  const auto shown = std::min(rows, defaults::ranked_rows);
  std::vector<std::vector<double>> values;
  for (std::size_t r = 0; r < shown; ++r)
    values.push_back(row_of(t, r, classes));
  const auto probabilities = std::all_of(values.begin(), values.end(), are_probabilities);
  if (options.softmax && !probabilities)
    std::for_each(values.begin(), values.end(), apply_softmax);

  using enum table::align;
  std::vector<table::column> columns{{"rank", right}, {"class", right}, {"label"}};
  columns.push_back({probabilities || options.softmax ? "probability" : "value", right});
  if (rows > 1)
    columns.insert(columns.begin(), {"row", right});
  table best_classes{std::move(columns)};
  for (std::size_t r = 0; r < shown; ++r) {
    std::size_t rank = 0;
    for (auto place : best(values[r], options.top)) {
      std::vector<std::string> cells{std::to_string(++rank), std::to_string(place),
                                     place < options.labels.size() ? options.labels[place] : "",
                                     fmt::format("{:.4f}", values[r][place])};
      if (rows > 1)
        cells.insert(cells.begin(), std::to_string(r));
      best_classes.add(std::move(cells));
    }
  }
  auto text =
      fmt::format("best classes by {}, {}:\n{}", output, meaning(probabilities, options.softmax), best_classes.text());
  if (shown < rows)
    text += fmt::format("... and {} rows more\n", rows - shown);
  if (!options.labels.empty() && options.labels.size() != classes)
    text += fmt::format("there are {} labels for {} classes\n", options.labels.size(), classes);
  return text;
}

} // namespace baton::apps
