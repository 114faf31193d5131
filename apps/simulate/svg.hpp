#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace baton::apps::simulate {

/// For text between tags and in attributes.
std::string escaped(std::string_view text);
/// The n-th of some colours that are told apart also by the colour-blind.
std::string_view colour(std::size_t n);

/// A line plot as SVG. Both axes begin at 0 unless the horizontal one is logarithmic or fitted.
class line_plot {
public:
  struct axis {
    std::string title;
    bool logarithmic = false;
    bool fitted = false; ///< it begins where the points do
    double most = 0;     ///< it goes on to there at least
  };
  struct point {
    double x = 0;
    double y = 0;
    double half_width = 0; ///< of y's interval, shown as a band
  };
  line_plot(axis horizontal, axis vertical) : horizontal_(std::move(horizontal)), vertical_(std::move(vertical)) {}
  /// Points of rising x; of a logarithmic axis above 0.
  void add(std::string name, std::vector<point> points) { lines_.push_back({std::move(name), std::move(points)}); }
  /// Shows each point as a dot: they are few, and nothing is known between them.
  void mark_points() { marked_ = true; }
  std::string svg() const;

private:
  struct line {
    std::string name;
    std::vector<point> points;
  };
  struct frame; ///< what is drawn where

  frame bounds() const;
  std::string axes(const frame& f) const;

  axis horizontal_;
  axis vertical_;
  bool marked_ = false;
  std::vector<line> lines_;
};

/// Bars in rows over time, as SVG.
struct timeline_bar {
  std::string row;
  std::size_t colour = 0;
  std::string text;
  double start = 0;
  double end = 0;
};
std::string timeline(const std::vector<std::string>& rows, const std::vector<timeline_bar>& bars, double until,
                     const std::string& unit);

} // namespace baton::apps::simulate
