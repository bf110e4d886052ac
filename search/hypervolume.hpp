// How much of objective space a set of points dominates: exact.
#pragma once

#include <span>

#include "search/pareto.hpp"

namespace paretoforge {

/// The volume of what the points dominate below `reference` (one coordinate per objective; all minimised).
/// Points that are not better than the reference in every coordinate add nothing; no points give 0.
///
/// Exact. Two objectives: a sweep. Three: a sweep in the third with the staircase of the first two kept
/// (Beume, Fonseca, López-Ibáñez, Paquete and Vahrenhold, 2009), O(n log n). More: the exclusive parts of the
/// points worst in the last coordinate first, so that each lives in one dimension less (While, Bradstreet and
/// Barone, "A fast way of calculating exact hypervolumes", 2012). Written for 2 to 5 objectives; any number works.
double hypervolume(const Costs& points, std::span<const double> reference);

}  // namespace paretoforge
