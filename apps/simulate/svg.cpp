#include "apps/simulate/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace baton::apps::simulate {
namespace {

constexpr double width = 860;
constexpr double left = 70;
constexpr double right = 170; // the legend
constexpr double top = 12;
constexpr double plot_height = 260;

/// A round step that gives some five marks up to `most`.
double step_for(double most) {
  const auto power = std::pow(10.0, std::floor(std::log10(most)));
  for (const auto factor : {0.1, 0.2, 0.5, 1.0, 2.0})
    if (most / (factor * power) <= 6)
      return factor * power;
  return 5 * power;
}

/// Round numbers from `least` to `most`.
std::vector<double> marks(double least, double most) {
  const auto step = step_for(most - least);
  const auto first = static_cast<int>(std::ceil(least * 0.9999 / step));
  const auto last = static_cast<int>(most * 1.0001 / step);
  std::vector<double> result;
  for (int i = first; i <= last; ++i)
    result.push_back(i * step);
  return result;
}

std::string mark(double x, double y, const std::string& text, const char* anchor) {
  return fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='{}'>{}</text>", x, y, anchor, text);
}

std::string grid(double x1, double y1, double x2, double y2) {
  return fmt::format("<line class='grid' x1='{:.1f}' y1='{:.1f}' x2='{:.1f}' y2='{:.1f}'/>", x1, y1, x2, y2);
}

} // namespace

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text)
    switch (c) {
    case '<': result += "&lt;"; break;
    case '>': result += "&gt;"; break;
    case '&': result += "&amp;"; break;
    case '\'': result += "&#39;"; break;
    case '"': result += "&quot;"; break;
    default: result += c;
    }
  return result;
}

/// Source: Okabe, Ito, "Color universal design", 2008.
std::string_view colour(std::size_t n) {
  static constexpr std::array<std::string_view, 8> all{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                       "#e69f00", "#56b4e9", "#555555", "#b8a800"};
  return all[n % all.size()];
}

struct line_plot::frame {
  bool logarithmic = false;
  double least_x = 0;
  double most_x = 0;
  double most_y = 0;

  double along(double x) const {
    const auto share =
        logarithmic ? std::log(x / least_x) / std::log(most_x / least_x) : (x - least_x) / (most_x - least_x);
    return left + share * (width - left - right);
  }
  double up(double y) const { return top + (1 - std::clamp(y, 0.0, most_y) / most_y) * plot_height; }
};

line_plot::frame line_plot::bounds() const {
  const bool from_0 = !horizontal_.logarithmic && !horizontal_.fitted;
  frame f{horizontal_.logarithmic, from_0 ? 0 : 1e300, horizontal_.most, vertical_.most};
  for (const auto& l : lines_)
    for (const auto& p : l.points) {
      f.least_x = std::min(f.least_x, p.x);
      f.most_x = std::max(f.most_x, p.x);
      f.most_y = std::max(f.most_y, p.y);
    }
  return f;
}

std::string line_plot::axes(const frame& f) const {
  std::string svg;
  for (const auto y : marks(0, f.most_y))
    svg += grid(left, f.up(y), width - right, f.up(y)) + mark(left - 8, f.up(y) + 4, fmt::format("{:g}", y), "end");
  if (f.logarithmic) {
    const auto last = static_cast<int>(std::floor(std::log10(f.most_x)));
    for (auto i = static_cast<int>(std::ceil(std::log10(f.least_x))); i <= last; ++i) {
      const auto power = std::pow(10.0, i);
      svg += grid(f.along(power), top, f.along(power), top + plot_height)
             + mark(f.along(power), top + plot_height + 18, fmt::format("{:g}", power), "middle");
    }
  } else {
    for (const auto x : marks(f.least_x, f.most_x))
      svg += mark(f.along(x), top + plot_height + 18, fmt::format("{:g}", x), "middle");
  }
  svg += mark((left + width - right) / 2, top + plot_height + 40, escaped(horizontal_.title), "middle");
  return svg
         + fmt::format("<text transform='translate(16 {:.1f}) rotate(-90)' text-anchor='middle'>{}</text>",
                       top + plot_height / 2, escaped(vertical_.title));
}

std::string line_plot::svg() const {
  const auto f = bounds();
  if (f.most_x <= f.least_x || f.most_y <= 0)
    return "<p>Nothing to show.</p>";
  auto svg = fmt::format("<svg viewBox='0 0 {} {}' role='img'>", width, top + plot_height + 48) + axes(f);
  std::string over; // lines are above all bands
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const auto& points = lines_[i].points;
    const auto paint = colour(i);
    std::string path;
    std::string above;
    std::string below;
    std::string dots;
    for (const auto& p : points) {
      const auto x = f.along(p.x);
      path += fmt::format("{:.1f},{:.1f} ", x, f.up(p.y));
      above += fmt::format("{:.1f},{:.1f} ", x, f.up(p.y + p.half_width));
      below.insert(0, fmt::format("{:.1f},{:.1f} ", x, f.up(p.y - p.half_width)));
      if (marked_)
        dots +=
            fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='3' fill='{}'><title>{}: {:.4g} at {:.4g}</title></circle>",
                        x, f.up(p.y), paint, escaped(lines_[i].name), p.y, p.x);
    }
    if (std::any_of(points.begin(), points.end(), [](const point& p) { return p.half_width > 0; }))
      svg += fmt::format("<polygon fill='{}' fill-opacity='0.18' points='{}{}'/>", paint, above, below);
    over += fmt::format("<polyline fill='none' stroke='{}' stroke-width='2' points='{}'/>", paint, path) + dots;
    const auto y = top + 10 + 20 * static_cast<double>(i);
    over += fmt::format("<line x1='{0:.1f}' x2='{1:.1f}' y1='{2:.1f}' y2='{2:.1f}' stroke='{3}' stroke-width='3'/>",
                        width - right + 14, width - right + 34, y, paint)
            + mark(width - right + 40, y + 4, escaped(lines_[i].name), "start");
  }
  return svg + over + "</svg>";
}

std::string timeline(const std::vector<std::string>& rows, const std::vector<timeline_bar>& bars, double until,
                     const std::string& unit) {
  constexpr double row_height = 24;
  constexpr double begin = 170;
  constexpr double end = 16;
  const auto height = row_height * static_cast<double>(rows.size());
  const auto along = [&](double t) { return begin + t / until * (width - begin - end); };
  auto svg = fmt::format("<svg viewBox='0 0 {} {}' role='img'>", width, top + height + 48);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto y = top + row_height * static_cast<double>(i);
    svg += grid(begin, y + row_height, width - end, y + row_height)
           + mark(begin - 8, y + row_height - 8, escaped(rows[i]), "end");
  }
  for (const auto t : marks(0, until))
    svg += mark(along(t), top + height + 18, fmt::format("{:g}", t), "middle");
  svg += mark((begin + width - end) / 2, top + height + 40, escaped(unit), "middle");
  for (const auto& b : bars) {
    const auto row = static_cast<double>(std::find(rows.begin(), rows.end(), b.row) - rows.begin());
    const auto x = along(b.start);
    svg += fmt::format("<rect x='{:.2f}' y='{:.1f}' width='{:.2f}' height='{:.1f}' fill='{}'><title>{}</title></rect>",
                       x, top + row_height * row + 3, std::max(0.6, along(std::min(b.end, until)) - x - 0.3),
                       row_height - 6, colour(b.colour), escaped(b.text));
  }
  return svg + "</svg>";
}

} // namespace baton::apps::simulate
