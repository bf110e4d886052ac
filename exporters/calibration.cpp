// Ranges from a histogram that grows with what it sees: one pass over the images, whatever the rule.
#include "exporters/calibration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "exporters/float_model.hpp"

namespace paretoforge {
namespace {

/// Counts values in equal bins over [-limit, limit]; the limit doubles when a value lies outside. Zeros are not
/// counted: they are exact in every quantisation and would only make steps look more expensive than they are.
class Histogram {
 public:
  static constexpr std::size_t bins = 4096;

  void add(std::span<const float> values) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    low_ = std::min(low_, *low);
    high_ = std::max(high_, *high);
    while (std::max(high_, -low_) >= limit_) grow();
    const float per_bin = static_cast<float>(bins / 2) / limit_;
    for (const float value : values)
      if (value != 0.0f) ++counts_[static_cast<std::size_t>(value * per_bin + static_cast<float>(bins / 2))];
  }

  Range all() const { return {low_, high_}; }

  /// The range that holds `share` of the values above zero and of those below.
  Range percentile(double share) const {
    const auto side_end = [&](bool positive) {
      double total = 0, seen = 0;
      for (std::size_t i = 0; i < bins / 2; ++i) total += static_cast<double>(side(i, positive));
      for (std::size_t i = 0; i < bins / 2; ++i)
        if ((seen += static_cast<double>(side(i, positive))) >= share * total)
          return total == 0 ? 0.0f : static_cast<float>(i + 1) * bin_width();
      return limit_;
    };
    return {std::max(low_, -side_end(false)), std::min(high_, side_end(true))};
  }

  /// The range with the least squared error: both ends drawn in together first, then each alone.
  Range least_error() const {
    Range best = all();
    const Range whole = best;
    double least = error(best);
    const auto search = [&](bool move_low, bool move_high) {
      const Range start = best;
      for (int step = 99; step >= 20; --step) {
        const float share = static_cast<float>(step) / 100;
        const Range range{move_low ? whole.low * share : start.low, move_high ? whole.high * share : start.high};
        if (const double value = error(range); value < least) {
          least = value;
          best = range;
        }
      }
    };
    search(true, true);
    search(false, true);
    search(true, false);
    return best;
  }

 private:
  float bin_width() const { return limit_ / static_cast<float>(bins / 2); }
  std::uint64_t side(std::size_t i, bool positive) const { return counts_[positive ? bins / 2 + i : bins / 2 - 1 - i]; }

  /// Inside, the error of rounding is uniform: step²/12. Outside, it is the distance to the end.
  double error(const Range& range) const {
    const double step = (double{range.high} - range.low) / 255;
    double sum = 0;
    for (std::size_t i = 0; i < bins; ++i) {
      if (counts_[i] == 0) continue;
      const double centre = (static_cast<double>(i) + 0.5 - bins / 2) * bin_width();
      const double outside = std::max({0.0, centre - range.high, range.low - centre});
      sum += static_cast<double>(counts_[i]) * (step * step / 12 + outside * outside);
    }
    return sum;
  }

  void grow() {
    limit_ *= 2;
    std::array<std::uint64_t, bins> merged{};
    for (std::size_t i = 0; i < bins; ++i) merged[bins / 4 + i / 2] += counts_[i];
    counts_ = merged;
  }

  float limit_ = 0x1p-10f, low_ = 0, high_ = 0;
  std::array<std::uint64_t, bins> counts_{};
};

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
  }
  throw std::invalid_argument("a range rule of no kind");
}

/// What is gathered about one node.
struct Statistics {
  explicit Statistics(const Shape& shape)
      : sums(static_cast<std::size_t>(shape.channels), 0.0), peaks(sums.size(), 0.0f) {}

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

Calibration calibrate(const Model& model, std::span<const float> images, const CalibrationOptions& options) {
  if (!(options.percentile >= 50 && options.percentile <= 100))
    throw std::invalid_argument("calibration: a percentile must lie in 50 to 100");
  const Graph& graph = model.graph;
  const auto size = static_cast<std::size_t>(graph.shape(0).elements());
  if (images.empty() || images.size() % size != 0)
    throw std::invalid_argument("calibration needs whole images of " + to_string(graph.shape(0)) + ", got " +
                                std::to_string(images.size()) + " numbers");
  std::vector<Statistics> statistics;
  for (NodeId id = 0; id < graph.size(); ++id) statistics.emplace_back(graph.shape(id));
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
    result.means.push_back(node.means());
    result.peaks.push_back(node.peaks);
  }
  return result;
}

}  // namespace paretoforge
