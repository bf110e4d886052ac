// Who is best of trials measured alike, where several objectives count: a full order, layer by layer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "search/pareto.hpp"

namespace paretoforge {

/// How the points of one non-dominated layer are put in order.
enum class Ranking : std::uint8_t {
  epsilon_net,  ///< well spread first (Schmucker, Donini, Zafar, Salinas and Archambeau, "Multi-objective asynchronous
                ///< successive halving", 2021)
  hypervolume   ///< largest exclusive hypervolume first (Emmerich, Beume and Naujoks, 2005), once for the whole layer
};

/// Members of one layer, so that every beginning of the order covers the layer well: first the member that is least
/// in the first objective, then over and over the one farthest from its nearest neighbour among those taken (greedy
/// k-centres), Euclidean in coordinates scaled to the members' range. Of equals the first in `members`. O(n²).
std::vector<std::size_t> epsilon_net_order(const Costs& points, std::span<const std::size_t> members);

/// Members of one layer by the hypervolume that they alone dominate, largest first, in coordinates scaled to the
/// members' range, below (1.1, ...). Of equals the first in `members`.
std::vector<std::size_t> hypervolume_order(const Costs& points, std::span<const std::size_t> members);

/// The `count` best points (all, where there are fewer), best first: non-dominated layers, each in the ranking's order.
std::vector<std::size_t> best(const Costs& points, std::size_t count, Ranking ranking);

}  // namespace paretoforge
