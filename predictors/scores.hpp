// How well predicted values agree with measured ones: rank correlations and relative errors.
#pragma once

#include <span>
#include <vector>

namespace paretoforge {

/// Ranks from 1; equal values share the mean of theirs.
std::vector<double> ranks(std::span<const double> values);

// Correlations are in -1..1, and NaN where there are fewer than two values or one side is constant. All functions
// throw std::invalid_argument where the sides differ in length; NaN in, NaN out.
double pearson(std::span<const double> a, std::span<const double> b);
/// Pearson's correlation of the ranks (ties share theirs).
double spearman(std::span<const double> a, std::span<const double> b);
/// Kendall's tau-b in O(n log n) (Knight 1966).
double kendall(std::span<const double> a, std::span<const double> b);

/// Mean of |predicted - measured| / |measured|, in per cent.
double mape_pct(std::span<const double> predicted, std::span<const double> measured);
/// Root of the mean squared error, in the unit of the values.
double rmse(std::span<const double> predicted, std::span<const double> measured);
/// Share of values (per cent) whose prediction is off by at most `pct` per cent of the measured value.
double within_pct(std::span<const double> predicted, std::span<const double> measured, double pct);

}  // namespace paretoforge
