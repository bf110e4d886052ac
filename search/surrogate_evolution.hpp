// Evolution on a surrogate of trees (after Lu, Deb, Goodman, Banzhaf and Boddeti, "NSGANetV2: evolutionary
// multi-objective surrogate-assisted neural architecture search", 2020, whose search is called MSuNAS).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "search/searcher.hpp"

namespace paretoforge {

/// What foresees the expensive objectives.
enum class TreeSurrogate : std::uint8_t {
  forest,  ///< RandomForest, as in SMAC
  boosted  ///< BoostedEnsemble
};

struct SurrogateEvolutionOptions {
  TreeSurrogate surrogate = TreeSurrogate::forest;
  std::size_t start = 20;        ///< random trials before the first model; the paper's 100 for its 350
  std::size_t population = 40;   ///< on the surrogate; the paper's
  std::size_t generations = 10;  ///< on the surrogate, for each proposal
  /// The keys start (1 to 100,000), population (2 to 10,000) and generations (1 to 1,000) of the `search:` map.
  static SurrogateEvolutionOptions read(const Config& search, TreeSurrogate surrogate);
};

/// For every proposal NSGA-II's operators evolve a population from the fittest trials, judged by the surrogates' means
/// (cheap objectives exactly); of what survives, the point that raises the hypervolume of the front and of what is
/// pending most is proposed, which takes the place of the paper's subset selection of eight at once.
std::unique_ptr<Searcher> make_surrogate_evolution(const SearchProblem& problem,
                                                   const SurrogateEvolutionOptions& options);

}  // namespace paretoforge
