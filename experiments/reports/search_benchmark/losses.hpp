// What a search lost, and to what: networks that it did not look at, that it looked at and did not train, and luck.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "experiments/reports/search_benchmark/problem.hpp"

namespace paretoforge::benchmark {

/// Shares of the true hypervolume; they add up to what the front lacks.
struct Losses {
  double luck = 0;  ///< what the twins of networks trained would have added: isomorphic, so nothing tells them apart
  double untrained = 0;  ///< what networks would have added that were begun, and their twins; none of them was trained
  double unseen = 0;     ///< what all others would have added
};

/// Splits what searches lost. Needs a table of all points of the space.
class LossSplit {
 public:
  explicit LossSplit(const Problem& problem);

  /// `begun`: points that the search measured at any budget; `trained`: those of the full one, a part of them.
  Losses operator()(std::span<const Architecture> begun, std::span<const Architecture> trained) const;

 private:
  double share_with_twins(std::span<const Architecture> points) const;

  const Problem& problem_;
  std::unordered_map<Architecture, std::uint64_t, ArchitectureHash> network_of_;
  std::unordered_map<std::uint64_t, std::vector<Architecture>> twins_;
};

/// The share of the true hypervolume that these points dominate.
double share_of(const Problem& problem, std::span<const Architecture> points);

}  // namespace paretoforge::benchmark
