// Scores of different kinds on one scale: where each stands among the scores of a reference set of networks.
#pragma once

#include <vector>

namespace paretoforge {

/// The rank of a value among reference values as a share of them: 0.5 for their median, and the middle of equal ones.
/// Between two of them the rank is interpolated, and beyond the ends it goes on rising, ever slower (as half of
/// ln(1 + distance from the end / distance of the end from the median)): a search that has passed the best of the
/// reference can still tell what is better, and no score alone carries an ensemble away. Strictly increasing, unless the
/// reference is constant: then 0, 0.5 or 1.
class ReferenceRanks {
 public:
  /// Finite values, in any order. Throws std::invalid_argument where there are none.
  explicit ReferenceRanks(std::vector<double> values);
  double rank(double value) const;

 private:
  double beyond(double value, double end) const;

  std::vector<double> values_;  ///< distinct, ascending
  std::vector<double> ranks_;   ///< of each
  double median_ = 0;
};

}  // namespace paretoforge
