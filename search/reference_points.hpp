// Directions spread evenly over the objectives, as decomposition and niching want them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "search/pareto.hpp"

namespace paretoforge {

/// How many points of `objectives` coordinates are multiples of 1/partitions and add up to 1:
/// (objectives + partitions - 1) over partitions; the greatest 64-bit number where it does not fit.
std::uint64_t das_dennis_count(std::size_t objectives, std::size_t partitions);
/// Those points (Das and Dennis, "Normal-boundary intersection", 1998), in lexicographic order.
Costs das_dennis(std::size_t objectives, std::size_t partitions);
/// At most `most` of them, with as many partitions as that allows; where that is fewer than objectives, so that all
/// would lie on the boundary, as many as fit of a second set are added, drawn half-way to the centre (Deb and Jain
/// 2014, section V). Never fewer than one for each objective.
Costs reference_points(std::size_t objectives, std::size_t most);

}  // namespace paretoforge
