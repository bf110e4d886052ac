// Whether a device still costs what its file says: a fitted metric against networks that were measured later.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "predictors/device.hpp"

namespace paretoforge {

struct Drift {
  FitScores scores;  ///< of the later measurements; its train_rows are those that the metric was fitted on
  double bias_pct = 0;           ///< median of measured / predicted, less 1: above 0 the device has become slower
  double bias_chance = 1;        ///< how likely so uneven a split above and below the prediction is, without a shift
  double coverage_chance = 1;    ///< how likely so few rows inside their intervals are, where the intervals still hold
  bool refit = false;
  std::string why;  ///< one sentence: what was found and by which rule
};

/// Fewer rows cannot show a shift at all: 7 of 7 on one side come by chance in 1 of 64 cases.
inline constexpr std::size_t least_drift_rows = 8;

/// To refit is advised where one of two tests at 1 % says so:
/// - too few of the measured values lie inside their 90 % intervals. Conformal intervals from n rows cover a share that
///   itself is drawn from Beta(0.9 (n + 1), 0.1 (n + 1)) (Vovk 2012), so the count follows a beta-binomial law: a plain
///   binomial would call intervals from few rows wrong that are not;
/// - measured values lie to one side of the prediction (sign test, which no wild row can sway), and their median is more
///   than 2 % off, which is how well `measure` knows a median: a smaller shift is none, however sure.
/// Throws std::invalid_argument: different lengths, no rows.
Drift drift(std::span<const CostEstimate> predicted, std::span<const double> measured, std::size_t fitted_rows);

}  // namespace paretoforge
