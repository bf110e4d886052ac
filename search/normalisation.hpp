// Objectives brought to one scale by a hyperplane through the ends of the front.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "search/pareto.hpp"

namespace paretoforge {

/// The map that puts an ideal point at the origin and cuts every axis at 1 by the hyperplane through the extreme points
/// (Deb and Jain, "An evolutionary many-objective optimization algorithm using reference-point-based nondominated
/// sorting approach, part I", 2014, section IV-C). Where there is no such hyperplane (fewer points than objectives,
/// points in one line, a negative intercept) each axis ends at the worst value of the front. An objective that is
/// constant over the front is 0 where it has that value.
class Normalisation {
 public:
  /// Which points span the hyperplane, once every objective is scaled to its range over the front.
  enum class Extremes {
    achievement,  ///< least in the greatest of the other objectives (Deb and Jain's achievement function)
    corners       ///< nearest to the axis (Panichella's corner points)
  };

  /// `front`: at least one point, none dominating another; `ideal`: nowhere above any of them.
  Normalisation(const Costs& front, std::span<const double> ideal, Extremes extremes);

  /// The normalised point; coordinates are held within 0 .. 1e9, so that squares and sums stay finite.
  std::vector<double> operator()(std::span<const double> costs) const;
  /// Rows of the front that span the hyperplane, one for each objective; a row may stand for several.
  const std::vector<std::size_t>& extremes() const { return extremes_; }

 private:
  std::vector<double> ideal_;
  std::vector<double> half_range_;  ///< of the front above the ideal point; halved, so that 1e308 - -1e308 is finite
  std::vector<double> intercepts_;  ///< in ranges
  std::vector<std::size_t> extremes_;
};

/// The least value of every objective; at least one point.
std::vector<double> least_costs(const Costs& points);

}  // namespace paretoforge
