// What model-based searchers expect of points that were not tried: candidates, exact cheap costs, beliefs of the rest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "search/breeding.hpp"
#include "search/fresh_points.hpp"
#include "search/history_internal.hpp"
#include "search/searcher.hpp"
#include "search/surrogate.hpp"
#include "search/tree_ensembles.hpp"

namespace paretoforge {

/// A candidate as the models see it.
struct Outlook {
  Architecture architecture = {};
  std::vector<Belief> costs = {};  ///< one per criterion, on the common scale; deviation 0 where known exactly
  double chance = 1;               ///< that it completes and keeps every limit
  double overshoot = 0;            ///< by how much the means miss their limits, summed
  double miss = 0;                 ///< of the wishes, by the means
};

/// The position of the best score times chance; where all of those are 0, of the least overshoot and then the greatest
/// score. Of a score counts what its miss leaves (share_left); where scores are equal the lesser miss is better. Of
/// equals the first; `outlooks` is not empty.
std::size_t most_promising(std::span<const Outlook> outlooks, std::span<const double> scores);

std::vector<double> mean_costs(const Outlook& outlook);
/// How many points of a front boxes are built for: 200 of two objectives, 60 of three, 24, 14 and 10 of six.
std::size_t most_in_front(std::size_t objectives);
/// The points that nothing dominates, the least crowded where those are too many.
Costs thinned_front(const Costs& points);
/// A reference point on the common scale: a tenth beyond the worst of the points, and at least 1.1.
std::vector<double> reference_beyond(const Costs& scaled);
/// The position of the outlook whose mean costs would raise the hypervolume of the points within the box most, chances
/// and misses counted.
std::size_t greatest_improvement(std::span<const Outlook> outlooks, const Costs& points, const Box& box);

/// Distinct points that may be proposed: all that are left where they are at most `count`; else children of `parents`
/// (ranked; binary tournaments, the breeder's crossover and mutation) and, one in eight, random points. Of a list from
/// outside, what children hit, the nearest to parents, and random ones. May be empty though points are left.
class BredCandidates {
 public:
  explicit BredCandidates(const SearchProblem& problem, const BreedingRates& rates = {});
  std::vector<Architecture> gather(const FreshPoints& points, std::span<const Individual> parents, std::size_t count,
                                   Random& random) const;

 private:
  Space space_;
  Breeder breeder_;
  std::shared_ptr<const std::vector<Architecture>> given_;
};

/// What a forecaster is made of.
struct ForecastModels {
  std::function<std::unique_ptr<Surrogate>()> make;
  bool cheap_features = true;  ///< whether scaled cheap costs join the encoding
};

/// One surrogate per criterion that is not known beforehand; the cheap ones are computed where the problem says how.
/// Where something failed, a forest says how likely that is elsewhere.
class Forecaster {
 public:
  Forecaster(const SearchProblem& problem, const ForecastModels& models, std::size_t most_rows);

  /// Learns from what was told. Points that are pending and have an outlook here are taken to have its mean.
  void fit(const History& history, std::span<const Outlook> fantasies, std::uint64_t seed);
  /// Candidates whose cheap objectives would fail are left out, and so are those over a cheap limit where others keep
  /// all of them.
  std::vector<Outlook> outlooks(std::vector<Architecture> points);

  std::span<const RangeScale> scales() const { return scales_; }
  /// How far costs on the common scale miss the wishes, as they were when last fitted.
  double miss(std::span<const double> scaled) const;
  /// Whether criterion k is computed and not modelled.
  bool known(std::size_t k) const { return cheap_ != nullptr && !criteria_[k].expensive; }

 private:
  using Known = std::optional<std::vector<std::optional<double>>>;
  const Known& cheap_values(const Architecture& point);
  std::vector<double> encoded(const Architecture& point) const;
  std::vector<double> features(const Architecture& point, std::span<const std::optional<double>> costs) const;
  void judge(Outlook& outlook) const;  ///< sets miss, overshoot, and chance but for failures

  Space space_;
  std::vector<Criterion> criteria_;
  Wishes wishes_;
  CheapValues cheap_;
  bool cheap_features_;
  std::size_t most_rows_;
  std::vector<std::unique_ptr<Surrogate>> surrogates_;  ///< null where known
  std::vector<bool> fitted_;
  std::vector<RangeScale> scales_;
  RandomForest failures_;  ///< 1 where a trial failed, else 0
  bool any_failed_ = false, any_fits_ = false;
  std::unordered_map<Architecture, Known, ArchitectureHash> seen_;  ///< cheap values, never walked
};

}  // namespace paretoforge
