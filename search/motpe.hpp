// Multi-objective tree-structured Parzen estimator (Ozaki, Tanigaki, Watanabe and Onishi, "Multiobjective
// tree-structured Parzen estimator for computationally expensive optimization problems", 2020).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "search/pareto.hpp"
#include "search/searcher.hpp"
#include "space/random.hpp"

namespace paretoforge {

/// The probability of each alternative of one decision, from the alternatives that trials took: a mixture of one kernel
/// per trial and a prior, weighed by the trials' weights and 1.
class ParzenEstimator {
 public:
  /// `taken` and `weights` (0 or more) have one entry per trial; `alternatives` is at least 1.
  ///
  /// Categorical: the kernel is the alternative itself, the prior uniform. Ordinal: a normal about the position, cut to
  /// the range and summed over the width of each position; its deviation is the distance to the farther of the two
  /// neighbours taken (the prior and both ends of the range count as such), between the range over min(100, trials + 1)
  /// and the range (Bergstra, Bardenet, Bengio and Kégl, "Algorithms for hyper-parameter optimization", 2011); the
  /// prior is one about the middle as wide as the range.
  ParzenEstimator(std::span<const std::int32_t> taken, std::span<const double> weights, std::size_t alternatives,
                  bool ordinal);
  const std::vector<double>& probabilities() const { return probabilities_; }
  std::int32_t draw(Random& random) const;

 private:
  std::vector<double> probabilities_;
};

/// Which `count` of the points come first: by layer, and of the layer that is cut those that make the hypervolume
/// largest, one after the other (greedy subset selection; the reference is 1.1 times as far as the worst in each
/// coordinate). Positions in rising order. `misses`, one per point or none, part the layers (see parted_by_miss).
std::vector<std::size_t> best_by_hypervolume(const Costs& points, std::size_t count,
                                             std::span<const double> misses = {});

struct MotpeOptions {
  /// Random trials before the first estimate. The paper's is 11 per decision less 1, too many where a trial is hours.
  std::size_t start = 20;
  std::size_t candidates = 24;  ///< drawn for each proposal; the paper's
  double good = 0.1;            ///< share of the trials that count as good; the paper's gamma
  /// The keys start (1 to 100,000), candidates (1 to 10,000) and good (0.01 to 0.9) of the `search:` map.
  static MotpeOptions read(const Config& search);
};

/// Good trials (weighed by what they add to the hypervolume of the good) make one estimator per decision, the others
/// another; of values drawn from the first, each decision takes the one most likely under the first against the second.
/// A decision learns from the trials in which it is active. Trials that wait count among the others, and so do those
/// that failed; what breaks a limit is good only where too little keeps all of them, and of what dominance leaves
/// equal what misses wishes by least is good and weighs most. Candidates over a cheap limit are
/// not proposed.
std::unique_ptr<Searcher> make_motpe(const SearchProblem& problem, const MotpeOptions& options);

}  // namespace paretoforge
