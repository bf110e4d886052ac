// ParEGO (Knowles, "ParEGO: a hybrid algorithm with on-line landscape approximation for expensive multiobjective
// optimization problems", 2006).
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "search/searcher.hpp"
#include "space/random.hpp"

namespace paretoforge {

/// The augmented Tchebycheff function: the greatest weighted cost plus `rho` times the sum of all.
double augmented_tchebycheff(std::span<const double> costs, std::span<const double> weights, double rho = 0.05);

/// A weight vector drawn uniformly from those with coordinates that are multiples of 1 / steps and sum to 1.
std::vector<double> lattice_weights(std::size_t objectives, std::size_t steps, Random& random);

struct ParegoOptions {
  /// Random trials before the first model. The paper's is 11 per decision less 1, too many where a trial is hours.
  std::size_t start = 20;
  std::size_t pool = 500;  ///< candidates weighed for each proposal
  double rho = 0.05;       ///< the paper's
  std::size_t steps = 10;  ///< of the weights; the paper's for two objectives
  /// The keys start (1 to 100,000), pool (10 to 100,000), rho (0 to 1) and steps (1 to 1,000) of the `search:` map.
  static ParegoOptions read(const Config& search);
};

/// Every proposal draws its own weights, and is the candidate with the greatest expected improvement of the weighted
/// costs, times the probability of keeping all limits. The paper models the scalarised costs; here each expensive
/// objective has its Gaussian process and cheap ones are exact, so that the scalarised cost is known as well as can be:
/// its expectation is taken over normal draws that all candidates share. Proposals that wait count at their expected
/// costs. Misses of wishes are added to the weighted costs.
std::unique_ptr<Searcher> make_parego(const SearchProblem& problem, const ParegoOptions& options);

}  // namespace paretoforge
