// Regularised (ageing) evolution (Real, Aggarwal, Huang and Le, "Regularized evolution for image classifier
// architecture search", 2019), for several objectives through non-dominated rank.
#pragma once

#include <vector>

#include "search/evolution.hpp"

namespace paretoforge {

struct RegularizedEvolutionOptions {
  /// Individuals that live, the newest. The paper's 100 goes with 20,000 trials; with hundreds, ages pass sooner.
  std::size_t population = 20;
  /// Drawn for each tournament, with replacement: the paper's quarter of the population.
  std::size_t sample = 5;

  /// The keys population (2 to 10,000) and sample (1 to 10,000).
  static RegularizedEvolutionOptions read(const Config& search);
};

/// The fittest of a sample (lowest layer, then least crowded: NSGA-II's order) has one decision mutated; each result
/// joins the population and the oldest leaves, however good it is; a promotion makes nobody younger.
class RegularizedEvolution final : public Evolution {
 public:
  explicit RegularizedEvolution(const SearchProblem& problem, const RegularizedEvolutionOptions& options = {});

 private:
  bool ready() const override { return population_.size() == options_.population; }
  Architecture breed() override;
  void learn(Individual told) override;
  void relearn(Individual told) override;

  RegularizedEvolutionOptions options_;
  Breeder breeder_;
  std::vector<Individual> population_;  ///< the oldest first
};

}  // namespace paretoforge
