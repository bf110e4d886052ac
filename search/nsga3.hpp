// NSGA-III (Deb and Jain, "An evolutionary many-objective optimization algorithm using reference-point-based
// nondominated sorting approach, part I: solving problems with box constraints", 2014; limits as in part II, Jain and
// Deb 2014).
#pragma once

#include <vector>

#include "search/evolution.hpp"
#include "search/normalisation.hpp"

namespace paretoforge {

/// Who fills the last places: positions in `last` chosen one by one for the reference direction with the fewest so far,
/// of equals one at random. A direction without any takes the nearest to it, else one of its own at random. `chosen`
/// and `last` hold normalised points; `directions` are reference points; `count` is at most last.size().
std::vector<std::size_t> niched(const Costs& chosen, const Costs& last, const Costs& directions, std::size_t count,
                                Random& random);

/// Survival by layer, then by niches around reference directions, as many as the population allows (see
/// reference_points). Parents win NSGA-II's tournaments: drawn at random as in the paper, they leave the ends of a
/// front behind where a population is as small as hundreds of trials want it.
class Nsga3 final : public Generational {
 public:
  static constexpr std::int64_t greatest_population = 10'000;

  explicit Nsga3(const SearchProblem& problem, const EvolutionOptions& options = {});

 private:
  std::vector<Individual> survivors(std::vector<Individual> individuals, std::size_t count) override;
  std::vector<std::size_t> last_places(const std::vector<Individual>& individuals, const Costs& front, const Cut& cut);

  Costs directions_;
  std::vector<double> ideal_;  ///< the least value of every objective so far
};

}  // namespace paretoforge
