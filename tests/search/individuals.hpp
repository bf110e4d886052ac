// Individuals for the tests of evolutionary searchers.
#pragma once

#include <limits>
#include <vector>

#include "search/population.hpp"

namespace paretoforge {

inline Individual with_costs(std::vector<double> costs, double violation = 0) {
  return {.costs = std::move(costs), .violation = violation};
}

/// Costs on a grid of 8 levels, so that many are equal; three in ten break a limit. The point of each is its position.
inline std::vector<Individual> random_individuals(std::size_t count, Random& random, std::size_t objectives = 2) {
  std::vector<Individual> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({.architecture = {static_cast<std::int32_t>(i)}});
    for (std::size_t k = 0; k < objectives; ++k) all.back().costs.push_back(static_cast<double>(random.below(8)));
    if (random.chance(0.3)) {
      all.back().violation =
          random.chance(0.2) ? std::numeric_limits<double>::infinity() : static_cast<double>(1 + random.below(3));
      all.back().costs.clear();
    }
  }
  return all;
}

}  // namespace paretoforge
