// One pass over the images gathers what every rule needs; then one of them chooses the ranges.
#include "exporters/calibration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "configs/config.hpp"
#include "exporters/float_model.hpp"
#include "exporters/histogram_internal.hpp"

namespace paretoforge {

using internal::Histogram;

namespace {

constexpr std::array<std::pair<RangeRule, std::string_view>, 4> rule_names = {{{RangeRule::mse, "mse"},
                                                                               {RangeRule::percentile, "percentile"},
                                                                               {RangeRule::min_max, "min_max"},
                                                                               {RangeRule::entropy, "entropy"}}};

void check_finite(std::span<const float> values, const std::string& name) {
  // x - x is zero for finite x alone, and the sum vectorises.
  float sum = 0;
  for (const float value : values) sum += value - value;
  if (sum != 0.0f) throw std::invalid_argument("calibration: " + name + " gives a value that is not finite");
}

Range chosen(const Histogram& histogram, const CalibrationOptions& options) {
  switch (options.rule) {
    case RangeRule::min_max:
      return histogram.all();
    case RangeRule::percentile:
      return histogram.percentile(options.percentile / 100);
    case RangeRule::mse:
      return histogram.least_error();
    case RangeRule::entropy:
      return histogram.least_divergence();
  }
  throw std::invalid_argument("a range rule of no kind");
}

/// What is gathered about one node.
struct Statistics {
  Statistics(const Shape& shape, RangeRule rule)
      : histogram(rule), sums(static_cast<std::size_t>(shape.channels), 0.0), peaks(sums.size(), 0.0f) {}

  void add(std::span<const float> values) {
    histogram.add(values);
    for (std::size_t i = 0; i < values.size(); i += sums.size())
      for (std::size_t c = 0; c < sums.size(); ++c) {
        sums[c] += static_cast<double>(values[i + c]);
        peaks[c] = std::max(peaks[c], std::abs(values[i + c]));
      }
    count += values.size() / sums.size();
  }

  std::vector<float> means() const {
    std::vector<float> result;
    for (const double sum : sums) result.push_back(static_cast<float>(sum / static_cast<double>(count)));
    return result;
  }

  Histogram histogram;
  std::vector<double> sums;
  std::vector<float> peaks;
  std::size_t count = 0;  ///< pixels seen
};

}  // namespace

std::span<const std::pair<RangeRule, std::string_view>> range_rules() { return rule_names; }

std::string_view range_rule_name(RangeRule rule) {
  for (const auto& [kind, name] : rule_names)
    if (kind == rule) return name;
  throw std::invalid_argument("a range rule of no kind");
}

RangeRule find_range_rule(std::string_view text) {
  std::vector<std::string> names;
  std::string list;
  for (const auto& [kind, name] : rule_names) {
    if (name == text) return kind;
    names.emplace_back(name);
    list += (list.empty() ? "" : ", ") + names.back();
  }
  const std::string near = nearest_name(text, names);
  throw ConfigError("error: no calibration '" + std::string(text) + "'; there is: " + list +
                    (near.empty() ? "" : "\n   = did you mean '" + near + "'?"));
}

Calibration calibrate(const Model& model, std::span<const float> images, const CalibrationOptions& options) {
  if (!(options.percentile >= 50 && options.percentile <= 100))
    throw std::invalid_argument("calibration: a percentile must lie in 50 to 100");
  const Graph& graph = model.graph;
  const auto size = static_cast<std::size_t>(graph.shape(0).elements());
  if (images.empty() || images.size() % size != 0)
    throw std::invalid_argument("calibration needs whole images of " + to_string(graph.shape(0)) + ", got " +
                                std::to_string(images.size()) + " numbers");
  std::vector<Statistics> statistics;
  for (NodeId id = 0; id < graph.size(); ++id) statistics.emplace_back(graph.shape(id), options.rule);
  FloatInterpreter interpreter(model);
  for (std::size_t first = 0; first < images.size(); first += size) {
    interpreter.run(images.subspan(first, size));
    for (NodeId id = 0; id < graph.size(); ++id) {
      check_finite(interpreter.value(id), graph.name(id));
      statistics[static_cast<std::size_t>(id)].add(interpreter.value(id));
    }
  }
  Calibration result;
  result.images = images.size() / size;
  for (const Statistics& node : statistics) {
    result.ranges.push_back(chosen(node.histogram, options));
    result.seen.push_back(node.histogram.all());
    result.means.push_back(node.means());
    result.peaks.push_back(node.peaks);
  }
  return result;
}

}  // namespace paretoforge
