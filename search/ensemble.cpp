// Spread and agreement.
#include "search/ensemble.hpp"

#include <algorithm>
#include <cmath>

namespace paretoforge {

Spread Spread::of(std::span<const double> values) {
  const auto count = static_cast<double>(values.size());
  Spread spread;
  for (const double value : values) spread.mean += value / count;
  // Squares are taken after a division by the largest distance, so that 1e-300 and 1e300 stay in range.
  double furthest = 0, squares = 0;
  for (const double value : values) furthest = std::max(furthest, std::abs(value - spread.mean));
  if (!(furthest > 0)) return spread;
  for (const double value : values) {
    const double share = (value - spread.mean) / furthest;
    squares += share * share / count;
  }
  spread.deviation = furthest * std::sqrt(squares);
  return spread;
}

std::vector<double> Spread::away(std::span<const double> values) const {
  std::vector<double> result;
  for (const double value : values) result.push_back(deviation > 0 ? (value - mean) / deviation : 0);
  return result;
}

Belief agreement(std::span<const double> said) {
  const Spread spread = Spread::of(said);
  const auto count = static_cast<double>(said.size());
  return {spread.mean, said.size() > 1 ? spread.deviation * std::sqrt(count / (count - 1)) : 0};
}

}  // namespace paretoforge
