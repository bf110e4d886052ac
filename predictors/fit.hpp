// Fitting a metric of a device to measured networks, and scoring it on networks that it has not seen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "configs/table.hpp"
#include "predictors/device.hpp"
#include "predictors/transfer.hpp"
#include "space/space.hpp"

namespace paretoforge {

struct FitOptions {
  std::optional<std::size_t> train;  ///< rows to fit on, drawn with the seed; absent: all
  std::uint64_t seed = 1;
  std::string model = "auto";  ///< see cost_models()
  /// Devices that are already known: few-shot transfer (fit_transfer). From 40 rows on `auto` also fits without them,
  /// and takes what cross-validation prefers; other models are not asked.
  std::vector<Source> sources;
  /// Divides out how the reference drifted that `measure` measures again and again: every value is as if it had been
  /// measured with the last row. Columns `reference` (which network it was) and reference_METRIC; rows without them, or
  /// of another reference than the last row's, stay as they are.
  bool steady = false;
};

/// A row that was left out, or that lies far from what its like suggest.
struct OddRow {
  int line = 0;  ///< of the table's file
  std::string why;
};

struct FitResult {
  FittedMetric metric;
  FitScores scores;
  std::vector<OddRow> near_zero;  ///< under a twentieth of the median: fitted as if they were that
  std::vector<OddRow> left_out;   ///< missing, zero, negative, not finite, beyond 1e-30 to 1e30
  std::vector<OddRow> outliers;   ///< training rows that a model fitted without them misses by far; they were kept
  /// How much more the reference took at most than at least, over the rows that were measured beside the same as the
  /// last row; 0 where the table has none.
  double reference_drift_pct = 0;
  std::optional<double> constant = {};  ///< what every row holds, where all hold the same: nothing else can be predicted
};

inline constexpr std::size_t least_fit_rows = 5;

/// How well estimates agree with what was measured; the counts of rows are left at 0. Of the same length, at least one.
FitScores scored(std::span<const CostEstimate> estimates, std::span<const double> measured);

/// `metric` is a column of the table, which has a column per decision of the space.
/// The 90 % interval is conformal: the quantile, over training rows, of how far models fitted without them are off,
/// in units of their own deviation (cross-conformal prediction, Vovk 2015; normalised residuals, Lei et al. 2018).
/// Throws ConfigError: a column or label that is not there (with the line), too few usable rows, fewer rows than
/// `train`; std::invalid_argument for an unknown model.
FitResult fit(const Table& table, const Space& space, const std::string& metric, const FitOptions& options = {});

/// The part of `fit` behind the table: a metric fitted on samples, its interval calibrated, not yet scored.
/// `space_key` is that of the space whose encoding the samples hold. Throws std::invalid_argument: fewer than
/// least_fit_rows rows, targets not above 0 or not finite, an unknown model.
FittedMetric fit_metric(const Samples& samples, const std::string& metric, const std::string& model, std::uint64_t seed,
                        std::vector<CostEstimate>* held_out = nullptr, const std::string& space_key = "");

/// The same from known devices, see fit_transfer.
FittedMetric fit_metric_from(const Samples& samples, const Samples& reference, const std::string& metric,
                             const std::vector<Source>& sources, std::uint64_t seed,
                             std::vector<CostEstimate>* held_out = nullptr, const std::string& space_key = "");

/// The features of a point of a space, its encoding behind them: a row of Samples.
std::vector<double> space_features(const Space& space, const Architecture& point);
/// Networks of the space drawn with the seed, none of them measured (targets are 1): what is usual there.
Samples reference_networks(const Space& space, std::size_t rows, std::uint64_t seed);

}  // namespace paretoforge
