// Calibration: what values each node of a network takes on real inputs.
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "space/model.hpp"

namespace paretoforge {

/// How the range of a tensor is chosen from the values seen.
enum class RangeRule {
  min_max,     ///< all of them: nothing is clipped, one outlier makes every step coarse
  percentile,  ///< `percentile` per cent of the values above zero, and of those below
  mse,         ///< the range whose int8 form has the least squared error (Banner et al., "Post training 4-bit
               ///< quantization of convolutional networks for rapid-deployment", 2019)
  entropy,     ///< the range whose int8 form tells most of the distribution, by Kullback-Leibler divergence (Migacz,
               ///< "8-bit inference with TensorRT", 2017)
};
/// All rules with the names that users write.
std::span<const std::pair<RangeRule, std::string_view>> range_rules();
std::string_view range_rule_name(RangeRule rule);
/// Throws ConfigError for a name that is none, with those that are.
RangeRule find_range_rule(std::string_view text);

struct CalibrationOptions {
  RangeRule rule = RangeRule::mse;
  double percentile = 99.99;  ///< 50 to 100
};

struct Calibration {
  std::vector<Range> ranges;              ///< one per node of the graph; zero is always inside
  std::vector<Range> seen;                ///< one per node: the least and the greatest value, whatever the rule
  std::vector<std::vector<float>> means;  ///< one per node: the mean of each channel
  std::vector<std::vector<float>> peaks;  ///< one per node: the greatest size of a value in each channel
  std::size_t images = 0;
};

/// Runs the float interpreter over `images` (one sample after another, each channels × height × width).
/// 256 to 512 samples are enough. Throws std::invalid_argument where there is no sample, where the size is no
/// multiple of the input's, or where a node (which is named) gives NaN or infinity.
Calibration calibrate(const Model& model, std::span<const float> images, const CalibrationOptions& options = {});

}  // namespace paretoforge
