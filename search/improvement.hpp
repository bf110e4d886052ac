// Expected hypervolume improvement: how much more a front is expected to dominate with one more point.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "search/pareto.hpp"

namespace paretoforge {

/// What is known of one cost of a candidate, as the one thing that an improvement needs: E[max(0, u - cost)].
/// A cost that is known exactly; or a normal value z of mean and deviation, with cost = centre + spread (exp(z) - 1)
/// where `spread` > 0 (see CostScale), else cost = z.
struct CostBelief {
  double mean = 0;       ///< the cost itself where `deviation` is 0 and `spread` 0
  double deviation = 0;  ///< 0: known exactly
  double centre = 0, spread = 0;

  /// Expected amount by which the cost lies below `level`.
  double expected_below(double level) const;
};

/// The part of objective space that a front leaves open below a reference point, cut into boxes; their corners lie on
/// the grid of the front's coordinates. With two objectives there are as many boxes as points and one more; with more
/// objectives each slab between two coordinates is cut like a space of one dimension less.
class OpenBoxes {
 public:
  /// Points that are dominated or not below the reference add nothing. All costs minimised; at least one objective.
  /// `ideal`: costs below it count as it; empty: there is no such end.
  OpenBoxes(const Costs& front, std::span<const double> reference, std::span<const double> ideal = {});

  std::size_t size() const { return corners_.size() / (2 * objectives_); }

  /// Expected gain of hypervolume by a point with these beliefs, taken as independent: the sum over boxes of products
  /// over objectives (Emmerich, Deutz and Klinkenberg, "Hypervolume-based expected improvement: monotonicity
  /// properties and exact computation", 2011, in the box form of Yang, Emmerich, Deutz and Bäck, "Efficient computation
  /// of expected hypervolume improvement using box decomposition algorithms", 2019). Exact.
  double expected_improvement(std::span<const CostBelief> beliefs) const;

 private:
  void cut(std::vector<std::size_t> points, std::size_t dimensions, const Costs& front);

  std::size_t objectives_;
  std::vector<std::vector<double>> grid_;  ///< per objective: rising coordinates, the reference last
  std::vector<std::size_t>
      corners_;  ///< per box and objective: lower and upper position in the grid plus one; 0: the ideal
  std::vector<double> ideal_;
  std::vector<std::size_t> open_;  ///< the corners of the slabs above the one being cut
};

}  // namespace paretoforge
