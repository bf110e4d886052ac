// An SVG is text: axes, bands, lines, names.
#include "experiments/reports/search_benchmark/curves.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "configs/table.hpp"

namespace paretoforge::benchmark {

namespace {

constexpr double left = 60, top = 40, width = 600, height = 420, names_width = 170;
constexpr double least_missing = 5e-4, most_missing = 0.3;
/// Wong, "Points of view: color blindness" (2011), without black; further lines are dashed.
constexpr std::array<const char*, 7> colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                             "#e69f00", "#56b4e9", "#7f7f00"};
constexpr std::array<const char*, 3> dashes{"", "7 3", "2 2"};

double x_of(std::uint64_t trials) { return left + width * static_cast<double>(trials) / most_trials; }
double y_of(double share) {
  const double missing = std::clamp(1 - share, least_missing, most_missing);
  return top + height * std::log(missing / least_missing) / std::log(most_missing / least_missing);
}

/// To a tenth of a pixel: the file stays small and its bytes the same everywhere.
std::string pixels(double value) { return number_text(std::round(10 * value) / 10); }
std::string point(std::uint64_t trials, double share) { return pixels(x_of(trials)) + "," + pixels(y_of(share)) + " "; }

std::string text(double x, double y, const std::string& words, const std::string& more = "") {
  return "<text x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\" " + more + ">" + words + "</text>\n";
}
std::string line(double x1, double y1, double x2, double y2, const std::string& more) {
  return "<line x1=\"" + pixels(x1) + "\" y1=\"" + pixels(y1) + "\" x2=\"" + pixels(x2) + "\" y2=\"" + pixels(y2) +
         "\" " + more + "/>\n";
}

std::string axes() {
  std::string svg;
  for (const double share : {0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999}) {
    svg += line(left, y_of(share), left + width, y_of(share), "stroke=\"#ddd\"");
    svg += text(left - 6, y_of(share) + 4, number_text(share), "text-anchor=\"end\"");
  }
  for (std::uint64_t trials = 0; trials <= most_trials; trials += 100) {
    svg += line(x_of(trials), top, x_of(trials), top + height, "stroke=\"#ddd\"");
    svg += text(x_of(trials), top + height + 18, std::to_string(trials), "text-anchor=\"middle\"");
  }
  return svg + text(left + width / 2, top + height + 36, "trials", "text-anchor=\"middle\"");
}

std::string look(std::size_t index) {
  const std::string dash = dashes[index / colours.size() % dashes.size()];
  return "stroke=\"" + std::string(colours[index % colours.size()]) + "\" stroke-width=\"2\" fill=\"none\"" +
         (dash.empty() ? "" : " stroke-dasharray=\"" + dash + "\"");
}

std::string curve(const Complete& runs, std::size_t index) {
  std::string upper, lower, middle;
  for (std::uint64_t t = trials_per_column; t <= runs.trials(); t += trials_per_column) {
    const Spread at = spread(runs.shares(t));
    middle += point(t, at.mean);
    upper += point(t, at.mean + at.deviation);
    lower = point(t, at.mean - at.deviation) + lower;
  }
  return "<polygon points=\"" + upper + lower + "\" fill=\"" + colours[index % colours.size()] +
         "\" fill-opacity=\"0.08\"/>\n<polyline points=\"" + middle + "\" " + look(index) + "/>\n";
}

}  // namespace

std::string curves_svg(const std::string& title, const std::vector<std::pair<std::string, Complete>>& contestants) {
  const double full_width = left + width + names_width, full_height = top + height + 50;
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + pixels(full_width) + " " +
                    pixels(full_height) + "\" font-family=\"sans-serif\" font-size=\"12\">\n" +
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n" +
                    text(left, 24, title, "font-size=\"15\"") + axes();
  for (std::size_t i = 0; i < contestants.size(); ++i) {
    const double y = top + 10 + 17 * static_cast<double>(i);
    svg += curve(contestants[i].second, i);
    svg += line(left + width + 10, y - 4, left + width + 34, y - 4, look(i));
    svg += text(left + width + 40, y, contestants[i].first);
  }
  return svg + "</svg>\n";
}

}  // namespace paretoforge::benchmark
