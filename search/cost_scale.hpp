// Costs as models see them: about normal, with what is bad pressed together and what is good kept apart.
#pragma once

#include <span>

#include "search/improvement.hpp"

namespace paretoforge {

/// log(1 + (cost - best) / spread), standardised, with `spread` twice the distance from the best cost to the median:
/// about linear among the good half, logarithmic beyond, as log error is for accuracies. Costs are divided by their
/// largest size first, so any finite numbers do.
class CostScale {
 public:
  CostScale() = default;
  /// Of the costs seen; at least one, finite.
  explicit CostScale(std::span<const double> costs);

  double operator()(double cost) const;                        ///< standard; 0 where all costs are equal
  double scaled(double cost) const { return cost / unit_; }    ///< for fronts: in -1..1 for the costs seen
  double expected(double standard) const;                      ///< the scaled cost at a standard value
  double cost(double standard) const { return expected(standard) * unit_; }  ///< the cost itself
  CostBelief belief(double standard, double deviation) const;  ///< of the scaled cost

 private:
  double unit_ = 1, best_ = 0, spread_ = 0;
  double centre_ = 0, deviation_ = 1;
};

}  // namespace paretoforge
