// How well each estimate ranks what full trainings give, and how often the intervals of extrapolated curves hold.
#pragma once

#include <string>
#include <vector>

#include "experiments/reports/proxies/results.hpp"

namespace paretoforge {

/// Means over the seeds that have at least 5 networks with both.
struct Ranking {
  std::string name;
  std::size_t pairs = 0;  ///< networks and seeds that have both
  double spearman = 0, kendall = 0, at_equal_size = 0;
  double same_seed = 0;    ///< Spearman with the full training of the estimate's own seed
  double cpu_seconds = 0;  ///< a network
};

/// Each estimate of a seed beside the mean accuracy of the full trainings with all other seeds (its own, where there is
/// no other): as a study would meet it, and so that no training stands on both sides. The full training comes first: no
/// estimate can be expected to rank better. Where accuracies are published, all stand beside those. `groups`: of equally many networks of neighbouring size.
std::vector<Ranking> rankings(const Problem& problem, const Results& results, std::uint64_t seeds, std::size_t groups);

/// Extrapolated accuracy beside the curve's own end.
struct Calibration {
  std::size_t epochs = 0;  ///< that were known
  std::size_t curves = 0;
  double error = 0;         ///< mean of |foretold - measured|, in points
  double last_error = 0;    ///< the same of the last known value
  double deviation = 0;     ///< mean of the forecast's standard deviation
  double within_50 = 0, within_90 = 0;  ///< share of curves in the middle 50 and 90 % of the forecast, in per cent
};

/// For each estimate that extrapolates the full training, over networks first, first + step, ...
std::vector<Calibration> calibrations(const Problem& problem, const Results& results, std::uint64_t seeds,
                                      std::size_t first, std::size_t step);

}  // namespace paretoforge
