// Ranges from a histogram that grows with what it sees.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "exporters/histogram_internal.hpp"

namespace paretoforge::internal {
namespace {

/// Thresholds that are tried, evenly from all that was seen down to none.
constexpr std::size_t divergence_candidates = 512;

}  // namespace

void Histogram::add(std::span<const float> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  low_ = std::min(low_, *low);
  high_ = std::max(high_, *high);
  while (std::max(high_, -low_) >= limit_) grow();
  const float per_bin = static_cast<float>(bins_ / 2) / limit_;
  for (const float value : values)
    if (value != 0.0f) ++counts_[static_cast<std::size_t>(value * per_bin + static_cast<float>(bins_ / 2))];
}

Range Histogram::percentile(double share) const {
  const auto side_end = [&](bool positive) {
    double total = 0, seen = 0;
    for (std::size_t i = 0; i < bins_ / 2; ++i) total += static_cast<double>(side(i, positive));
    for (std::size_t i = 0; i < bins_ / 2; ++i)
      if ((seen += static_cast<double>(side(i, positive))) >= share * total)
        return total == 0 ? 0.0f : static_cast<float>(i + 1) * bin_width();
    return limit_;
  };
  return {std::max(low_, -side_end(false)), std::min(high_, side_end(true))};
}

Range Histogram::least_error() const {
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

/// Inside, the error of rounding is uniform: step²/12. Outside, it is the distance to the end.
double Histogram::error(const Range& range) const {
  const double step = (double{range.high} - range.low) / (levels - 1);
  double sum = 0;
  for (std::size_t i = 0; i < bins_; ++i) {
    if (counts_[i] == 0) continue;
    const double centre = (static_cast<double>(i) + 0.5 - bins_ / 2) * bin_width();
    const double outside = std::max({0.0, centre - range.high, range.low - centre});
    sum += static_cast<double>(counts_[i]) * (step * step / 12 + outside * outside);
  }
  return sum;
}

Range Histogram::least_divergence() const {
  const auto used = [&](float end) { return static_cast<std::size_t>(std::min(std::ceil(end / bin_width()), static_cast<float>(bins_ / 2))); };
  const std::size_t below = used(-low_), above = used(high_), most = std::max(below, above);
  Range best = all();
  double least = divergence(bins_ / 2 - below, bins_ / 2 + above);
  // Where there are no more bins than levels nothing is lost, however few values are kept: such ranges prove nothing.
  const std::size_t stride = std::max<std::size_t>(1, most / divergence_candidates);
  for (std::size_t reach = most; reach > stride;) {
    reach -= stride;
    const std::size_t low = std::min(reach, below), high = std::min(reach, above);
    if (low + high <= levels) break;
    const double value = divergence(bins_ / 2 - low, bins_ / 2 + high);
    if (value >= least) continue;
    least = value;
    const float end = static_cast<float>(reach) * bin_width();
    best = {std::max(low_, -end), std::min(high_, end)};
  }
  return best;
}

/// Between the bins [first, last) with all that lies outside moved to the ends, and the same bins as `levels` see
/// them: what falls on one level is spread evenly over its bins that are not empty.
double Histogram::divergence(std::size_t first, std::size_t last) const {
  const std::size_t size = last - first;
  if (size == 0) return 0;
  std::vector<double> clipped(size), seen(size);
  double total = 0, kept = 0;
  for (std::size_t i = 0; i < bins_; ++i) {
    const auto count = static_cast<double>(counts_[i]);
    clipped[std::clamp(i, first, last - 1) - first] += count;
    total += count;
    if (i >= first && i < last) kept += count;
  }
  if (kept == 0) return std::numeric_limits<double>::infinity();
  for (std::size_t level = 0, begin = 0; level < levels; ++level) {
    const std::size_t end = (level + 1) * size / levels;
    double sum = 0, places = 0;
    for (std::size_t i = begin; i < end; ++i) {
      sum += static_cast<double>(counts_[first + i]);
      places += clipped[i] > 0 ? 1 : 0;
    }
    for (std::size_t i = begin; i < end; ++i) seen[i] = clipped[i] > 0 ? sum / places : 0;
    begin = end;
  }
  // A clipped tail may stand where no inner value does; it is then as unlikely as a hundredth of a value.
  double sum = 0;
  for (std::size_t i = 0; i < size; ++i)
    if (clipped[i] > 0) sum += clipped[i] / total * std::log(clipped[i] / total / (std::max(seen[i], 0.01) / kept));
  return sum;
}

void Histogram::grow() {
  limit_ *= 2;
  std::vector<std::uint64_t> merged(bins_);
  for (std::size_t i = 0; i < bins_; ++i) merged[bins_ / 4 + i / 2] += counts_[i];
  counts_ = merged;
}

}  // namespace paretoforge::internal
