// What one tensor's values look like, and the range that each calibration rule takes from that. One pass over the
// values, whatever the rule.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "exporters/calibration.hpp"

namespace paretoforge::internal {

/// Counts values in equal bins over [-limit, limit]; the limit doubles when a value lies outside. Zeros are not
/// counted: they are exact in every quantisation and would only make steps look more expensive than they are.
class Histogram {
 public:
  static constexpr int levels = 256;  ///< of the integer form

  /// Entropy compares bins with levels and needs many: beside an outlier at 30 times the rest, the rest fills 1 in 60.
  explicit Histogram(RangeRule rule) : bins_(rule == RangeRule::entropy ? 16384 : 4096), counts_(bins_) {}

  /// Values must be finite.
  void add(std::span<const float> values);

  Range all() const { return {low_, high_}; }
  /// The range that holds `share` (0 to 1) of the values above zero and of those below.
  Range percentile(double share) const;
  /// The range with the least squared error: both ends drawn in together first, then each alone.
  Range least_error() const;
  /// The range whose integer form keeps most of the distribution: the least Kullback-Leibler divergence between the
  /// clipped values and what 256 levels can tell of them (Migacz, "8-bit inference with TensorRT", 2017). One
  /// threshold for both sides of zero, as there and in ONNX Runtime; a side without values needs no levels.
  Range least_divergence() const;

 private:
  float bin_width() const { return limit_ / static_cast<float>(bins_ / 2); }
  std::uint64_t side(std::size_t i, bool positive) const { return counts_[positive ? bins_ / 2 + i : bins_ / 2 - 1 - i]; }
  double error(const Range& range) const;
  double divergence(std::size_t first, std::size_t last) const;
  void grow();

  std::size_t bins_;
  float limit_ = 0x1p-10f, low_ = 0, high_ = 0;
  std::vector<std::uint64_t> counts_;
};

}  // namespace paretoforge::internal
