// Gaussian processes with expected hypervolume improvement, in batches and under noise (Daulton, Balandat and Bakshy,
// "Differentiable expected hypervolume improvement for parallel multi-objective Bayesian optimization", 2020, and
// "Parallel Bayesian optimization of multiple noisy objectives with expected hypervolume improvement", 2021).
#pragma once

#include <cstddef>
#include <memory>

#include "search/searcher.hpp"

namespace paretoforge {

struct GpEhviOptions {
  std::size_t start = 20;  ///< random trials before the first model; the papers' 2 (decisions + 1) in small spaces
  std::size_t pool = 500;  ///< candidates weighed for each proposal
  /// Fronts drawn from the models' own beliefs of what was tried, over which the improvement is averaged; 0: the front
  /// as it was measured, right where measuring again gives the same.
  std::size_t fronts = 8;
  /// The keys start (1 to 100,000), pool (10 to 100,000) and fronts (0 to 128) of the `search:` map.
  static GpEhviOptions read(const Config& search);
};

/// One process per expensive objective; cheap ones are computed for every candidate, their costs features of the models
/// and exact in the improvement. Proposals that wait are part of the front at their expected costs (sequential greedy
/// with fantasies). The expectation is exact for each front (see OpenBoxes); costs are on a common scale whose
/// reference is 1.1 times as far as the front's worst. Times the probability of keeping all limits.
std::unique_ptr<Searcher> make_gp_ehvi(const SearchProblem& problem, const GpEhviOptions& options);

}  // namespace paretoforge
