// How much of objective space a set of points dominates: exact.
#pragma once

#include <span>
#include <vector>

#include "search/pareto.hpp"

namespace paretoforge {

/// The volume of what the points dominate below `reference` (one coordinate per objective; all minimised).
/// Points that are not better than the reference in every coordinate add nothing; no points give 0.
///
/// Exact but for rounding; coordinates below the reference must be finite. Two objectives: a sweep. Three: a sweep in
/// the third with the staircase of the first two kept (Beume, Fonseca, López-Ibáñez, Paquete and Vahrenhold, "On the
/// complexity of computing the hypervolume indicator", 2009), O(n log n). More: slices between the last coordinates,
/// each point's own part in one dimension less (While, Bradstreet and Barone, "A fast way of calculating exact
/// hypervolumes", 2012), down to sweeps in three. Written for 2 to 6 objectives; any number works.
double hypervolume(const Costs& points, std::span<const double> reference);

/// What would be lost without each point: the volume that it alone dominates below `reference`. 0 for points that
/// another one dominates or equals, or that do not reach the reference; dominated points count against those that
/// dominate them, as the definition has it.
///
/// Exact. Up to three objectives: one sweep over all points that keeps, for each step of the staircase, the part that
/// it covers alone (after Emmerich and Fonseca, "Computing hypervolume contributions in low dimensions", 2011). More:
/// one hypervolume per point, of what the others cover of its box.
std::vector<double> hypervolume_contributions(const Costs& points, std::span<const double> reference);

}  // namespace paretoforge
