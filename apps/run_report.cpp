#include "apps/run_report.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "apps/defaults.hpp"
#include "apps/table.hpp"
#include "metadata/numeric.hpp"

namespace baton::apps {

namespace {

template <class T>
std::string first_values(const metadata::tensor& t) {
  auto values = t.as<T>();
  auto shown = values.first(std::min(values.size(), defaults::shown_elements));
  return fmt::format("{}{}", fmt::join(shown, " "), shown.size() < values.size() ? " ..." : "");
}

/// Whole numbers as such, halves and bool as numbers.
std::string first_converted(const metadata::tensor& t) {
  return metadata::with_type(t.type(), [&]<class T>(std::type_identity<T>) {
    if constexpr (std::is_unsigned_v<T>)
      return first_values<std::uint64_t>(metadata::converted(t, metadata::element_type::uint64));
    else if constexpr (std::is_floating_point_v<T> || metadata::is_half<T>)
      return first_values<double>(metadata::converted(t, metadata::element_type::float64));
    else
      return first_values<std::int64_t>(metadata::converted(t, metadata::element_type::int64));
  });
}

std::string largest_places(const metadata::tensor& t) {
  auto rows = static_cast<std::size_t>(t.shape()[0]);
  auto columns = static_cast<std::size_t>(t.shape()[1]);
  std::vector<std::size_t> places;
  for (std::size_t r = 0; r < std::min(rows, defaults::shown_elements); ++r) {
    auto row = t.as<float>().subspan(r * columns, columns);
    places.push_back(static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin()));
  }
  return fmt::format("  argmax {}{}", fmt::join(places, " "), places.size() < rows ? " ..." : "");
}

} // namespace

std::string describe_output(const std::string& name, const metadata::tensor& t) {
  bool is_float = t.type() == metadata::element_type::float32;
  auto text = fmt::format("output {} {} [{}]: {}", name, metadata::to_string(t.type()), fmt::join(t.shape(), ","),
                          is_float ? first_values<float>(t) : first_converted(t));
  if (is_float && t.shape().size() == 2 && t.elements() > 0)
    text += largest_places(t);
  return text;
}

std::string layer_table(const metadata::model& m, std::span<const std::int64_t> symbols,
                        std::span<const metadata::duration> times, const std::vector<std::string>& where) {
  using enum table::align;
  std::vector<table::column> columns{{"#", right},  {"layer"},        {"kind"},          {"output"},
                                     {"ms", right}, {"share", right}, {"GFLOP/s", right}};
  if (!where.empty())
    columns.push_back({"device"});
  table t{std::move(columns)};
  auto total = std::accumulate(times.begin(), times.end(), metadata::duration{});
  double all_flops = 0;
  auto rate = [](double flops, metadata::duration d) {
    return d.count() > 0 ? fmt::format("{:.2f}", flops / static_cast<double>(d.count())) : std::string{};
  };
  auto ms = [](metadata::duration d) {
    return fmt::format("{:.3f}", std::chrono::duration<double, std::milli>(d).count());
  };
  for (std::uint32_t i = 0; i < m.layers().size() && i < times.size(); ++i) {
    const auto& l = m.layers()[i];
    std::string shape;
    if (auto v = std::find_if(l.outputs.begin(), l.outputs.end(), [](auto o) { return o != metadata::none; });
        v != l.outputs.end())
      shape = fmt::format("[{}]", fmt::join(m.shape(*v, symbols), ","));
    auto flops = static_cast<double>(m.flops(i).bind(symbols));
    all_flops += flops;
    auto share =
        total.count() > 0 ? 100.0 * static_cast<double>(times[i].count()) / static_cast<double>(total.count()) : 0.0;
    t.add({std::to_string(i), l.name, std::string{metadata::kind_name(l.attributes)}, shape, ms(times[i]),
           fmt::format("{:.1f}%", share), rate(flops, times[i]), i < where.size() ? where[i] : ""});
  }
  t.add({"", "all", "", "", ms(total), "100.0%", rate(all_flops, total), ""});
  return t.text();
}

} // namespace baton::apps
