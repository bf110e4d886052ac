// Pareto local search (Paquete, Chiarandini and Stützle, "Pareto local optimum sets in the biobjective traveling
// salesman problem: an experimental study", 2004), with restarts.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "search/fresh_points.hpp"
#include "search/population.hpp"
#include "search/searcher.hpp"
#include "search/wishes.hpp"

namespace paretoforge {

/// All points that differ in one decision: in any other alternative, and in 1, 4, 16, 64, ... levels up or down where
/// the decision is ordinal with many levels (Breeder::many_levels).
std::vector<Architecture> local_neighbours(const Space& space, const Architecture& point);

/// From a random point on: a member of the archive whose neighbours were not seen yet, of those the one that misses the
/// study's wishes least (where there are none, one at random), has all of them tried, in random order; what nothing in
/// the archive dominates or equals joins it, and what it dominates leaves. Where that is the member itself its other
/// neighbours are not tried (first improvement, as in Dubois-Lacoste, López-Ibáñez and Stützle, "Anytime Pareto local
/// search", 2015: evaluations are dear here). Where every member is done the archive is a Pareto local optimum, and the
/// search starts again from a random new point with an empty archive. Points met again are not proposed again: what
/// came of them counts at once.
class LocalSearch final : public Searcher {
 public:
  explicit LocalSearch(const SearchProblem& problem);

  std::optional<Architecture> ask() override;
  void tell(const Trial& trial) override;
  void update(const Trial& trial) override;
  bool exhausted() const override { return !next_ && points_.exhausted(); }

 private:
  /// Chooses what to propose next, as soon as that can be known; an ask then changes nothing where it gives nothing.
  void prepare();
  bool visit_next();
  void consider(Individual candidate);

  Space space_;
  std::vector<Criterion> criteria_;
  WishesByRung wishes_;
  FreshPoints points_;
  Random random_;
  std::vector<Individual> archive_;
  std::unordered_set<Architecture, ArchitectureHash> visited_;            ///< since the last restart
  Architecture visiting_;                                                 ///< the member visited last
  std::vector<Architecture> neighbours_;                                  ///< of that member, still to try
  std::unordered_map<Architecture, Individual, ArchitectureHash> known_;  ///< what was told
  std::optional<Architecture> next_;
  std::size_t waiting_ = 0;  ///< proposed and not told
};

}  // namespace paretoforge
