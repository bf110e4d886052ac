// What evolutionary searchers keep of trials, and who of them is fitter: layers under constrained domination.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/objective.hpp"
#include "search/pareto.hpp"
#include "space/random.hpp"

namespace paretoforge {

/// What a searcher remembers of a trial.
struct Individual {
  Architecture architecture = {};
  std::vector<double> costs = {};  ///< one per criterion; of a pruned trial its readings, 0 where there is none; else
                                   ///< empty where the trial is not complete
  double violation = 0;            ///< of the limits; infinite where the trial failed; readings break none
  std::uint32_t rungs_short = 0;   ///< how far below the full budget a pruned trial was measured
  double miss = 0;                 ///< of the wishes (see Wishes::miss), as of now
  std::uint64_t proposal = 0;      ///< how many were proposed before it
  std::int32_t layer = 0;
  double crowding =
      0;  ///< how much room it has among those of its layer, in the searcher's own measure; more is better
};
Individual individual(std::span<const Criterion> criteria, const Trial& trial);

/// Constrained domination (Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic algorithm:
/// NSGA-II", 2002, section VI): what breaks no limit comes before what breaks one, the less broken before the more,
/// and only among the unbroken does Pareto dominance decide. Where there are rungs what was measured at a higher one
/// comes first, for it was among the best of those below it: costs are compared within a rung only.
bool constrained_dominates(const Individual& a, const Individual& b);

/// Positions of individuals, one list for each layer, rising within it.
using Layers = std::vector<std::vector<std::size_t>>;
/// Gives every individual its layer under constrained domination, and lists the layers from the best: all of one layer
/// were measured at one rung. What dominance leaves in one layer is parted by its misses, the least first. Those that
/// break limits come last, one layer for each violation.
Layers assign_layers(std::vector<Individual>& individuals);
/// The layers that live whole where `count` may live, and the first that does not, of which `missing` may.
struct Cut {
  std::vector<std::size_t> whole, last = {};
  std::size_t missing = 0;
};
Cut cut_layers(const Layers& layers, std::size_t count);
/// The costs of some individuals, all of which have them.
Costs costs_of(std::span<const Individual> individuals, std::span<const std::size_t> members);

/// Layers and crowding distances as in NSGA-II; the crowding of what breaks limits is 0.
void rank(std::vector<Individual>& individuals);
/// Lower layer, or equal layer and more room.
bool fitter(const Individual& a, const Individual& b);
/// The fitter of two drawn at random; of equals the first drawn.
const Individual& binary_tournament(std::span<const Individual> individuals, Random& random);

/// The individuals at these positions, moved out, in that order.
std::vector<Individual> taken_out(std::vector<Individual>& individuals, std::span<const std::size_t> positions);

}  // namespace paretoforge
