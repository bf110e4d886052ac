// What the ensembles among the surrogates share: values brought to one size, and members that speak as one.
#pragma once

#include <span>
#include <vector>

#include "search/surrogate.hpp"

namespace paretoforge {

/// Where values of any size lie and how far they spread (0 where all are equal): models see them with mean 0 and
/// deviation 1.
struct Spread {
  double mean = 0, deviation = 0;

  static Spread of(std::span<const double> values);
  std::vector<double> away(std::span<const double> values) const;
  Belief back(const Belief& belief) const { return {mean + deviation * belief.mean, deviation * belief.deviation}; }
};

/// Mean and sample deviation of what members of an ensemble say; at least one.
Belief agreement(std::span<const double> said);

}  // namespace paretoforge
