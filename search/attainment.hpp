// What a searcher reaches over several runs: the empirical attainment function of two objectives.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "search/pareto.hpp"

namespace paretoforge {

/// The surface that at least a share of the runs attain: a point of objective space is attained by a run that has one
/// at least as good in both coordinates (Grunert da Fonseca, Fonseca and Hall, "Inferential performance assessment of
/// stochastic optimisers and the attainment function", 2001). `runs` holds what each run found, two coordinates to be
/// minimised, dominated points allowed; the share is above 0 and at most 1: 0.5 gives the median surface.
///
/// Returns the corners of the surface, the first coordinate rising and the second falling; none where fewer runs than
/// asked for have any point. Throws std::invalid_argument for another number of objectives or another share.
std::vector<std::array<double, 2>> attainment_surface(std::span<const Costs> runs, double share);

}  // namespace paretoforge
