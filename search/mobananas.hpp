// MO-BANANAS (Guerrero-Viu et al., "Bag of baselines for multi-objective joint neural architecture search and
// hyperparameter optimization", 2021; after White, Neiswanger and Savani, "BANANAS", 2021).
#pragma once

#include <cstddef>
#include <memory>

#include "search/searcher.hpp"

namespace paretoforge {

struct MobananasOptions {
  std::size_t start = 20;  ///< random trials before the first model; the paper's 10 with batches of 10
  std::size_t refit = 10;  ///< trials told between fits; the paper's batch
  std::size_t pool = 100;  ///< mutants of the fittest that are weighed for each proposal; the paper's
  /// The keys start (1 to 100,000), refit (1 to 1,000) and pool (10 to 100,000) of the `search:` map.
  static MobananasOptions read(const Config& search);
};

/// An ensemble of neural networks per expensive objective (see NeuralEnsemble), cheap ones exact; the fittest trials
/// are mutated, and for each mutant and objective one value is drawn from the ensemble's belief (independent Thompson
/// sampling). Of the mutants whose draws nothing dominates, the one that would raise the hypervolume most is proposed.
std::unique_ptr<Searcher> make_mobananas(const SearchProblem& problem, const MobananasOptions& options);

}  // namespace paretoforge
