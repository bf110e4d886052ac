// Progressive search (Liu et al., "Progressive neural architecture search", 2018; with several objectives as in Dong,
// Cheng, Juan, Wei and Sun, "DPP-Net: device-aware progressive search for Pareto-optimal neural architectures", 2018).
#pragma once

#include <cstddef>
#include <memory>

#include "search/searcher.hpp"
#include "space/random.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// How far a point is from the simplest: its active decisions that do not take their first alternative. So spaces list
/// the simplest alternative first: zero, skip, the smallest width.
std::size_t complexity(const Architecture& point);

/// The point with `steps` decisions more away from their first alternative, drawn at random among those that take it;
/// fewer where there are not as many. What becomes active on the way may be grown, too.
Architecture grown(const Space& space, const Architecture& point, std::size_t steps, Random& random);

struct ProgressiveOptions {
  std::size_t beam = 8;    ///< trials of a stage; the paper's 256 is for thousands
  std::size_t stages = 5;  ///< from the simplest to the most complex; the paper's number of blocks
  std::size_t pool = 300;  ///< candidates weighed for each proposal
  /// The keys beam (1 to 100,000), stages (1 to 1,000) and pool (10 to 100,000) of the `search:` map.
  static ProgressiveOptions read(const Config& search);
};

/// The space is cut into as many stages by complexity, each as wide as the next. A stage grows the fittest trials of
/// the stages before it; an ensemble of neural networks per expensive objective, fitted when the stage begins, says
/// which of the grown points would raise the hypervolume most (cheap objectives exactly). The first stage grows from
/// the simplest point of all; after the last the stages come round again, with all that was learnt, but for those where
/// nothing is expected to come as near to limits and wishes as what is known.
std::unique_ptr<Searcher> make_progressive(const SearchProblem& problem, const ProgressiveOptions& options);

}  // namespace paretoforge
