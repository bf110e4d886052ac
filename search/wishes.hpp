// What a study wishes for beyond its limits, as searchers follow it: soft limits, a region of interest, an aspiration,
// a reference point. Wishes order what dominance leaves equal; they never make a trial infeasible.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/objective.hpp"
#include "search/pareto.hpp"

namespace paretoforge {

/// A box in costs (see `cost`), one coordinate per criterion.
struct Box {
  std::vector<double> best, worst;
};

/// The wishes of a study's criteria as one number per trial, its miss: 0 where everything wished for is there.
///
/// Soft limits and regions of interest: by how much the value lies outside, relative to the region's width (to the
/// soft limit itself where the region has no better end; absolute where that is 0).
///
/// Aspirations are the reference point of R-NSGA-II (Deb and Sundar, "Reference point based multi-objective
/// optimization using evolutionary algorithms", 2006): the Euclidean distance to it over the objectives that have one,
/// each scaled to its range over the front so far. As in r-dominance (Ben Said, Bechikh and Ghédira, "The
/// r-dominance: a new dominance relation for interactive evolutionary multicriteria decision making", 2010) only
/// distances that differ by more than a threshold count: what is farther than the nearest member of the front by at
/// most `nearness` misses nothing, so that a part of the front is kept and not a point. Their threshold is relative to
/// the population; this one to the front of all trials told, so that the part does not shrink with each generation.
///
/// The misses are added. A searcher that works by layers takes `layers`; one that works with a single number adds
/// `miss` to it (objectives scaled to their ranges) or takes `share_left` of it; one that improves hypervolume does so
/// within `box`.
class Wishes {
 public:
  static constexpr double nearness = 0.1;

  Wishes() = default;
  explicit Wishes(std::vector<Criterion> criteria);

  /// Whether anything is wished for that orders trials: all but the reference point does.
  bool any() const { return bounded_ || aspiring_; }
  /// Learns of a trial that was told: the front so far is what aspirations are measured by.
  void note(const Trial& trial);

  /// How far a trial's costs lie outside soft limits and regions of interest, and how far from the aspirations (0 as
  /// long as nothing was noted): 0 and more, finite.
  double outside(std::span<const double> costs) const;
  double distance(std::span<const double> costs) const;
  /// Both together, as above.
  double miss(std::span<const double> costs) const;

  /// nondominated_layers, parted by the misses.
  std::vector<std::int32_t> layers(const Costs& points) const;

  /// Where hypervolume should be improved, given the least and greatest costs seen among complete trials. Its worse
  /// end: the reference; else a hard limit stricter than the worst; else the worst. Once a member of `front` keeps
  /// every soft limit it ends at those, and where there is an aspiration at `nearness` of the range behind the member
  /// nearest to it. Its better end: the best, but no better than a region of interest's: costs below it count as it.
  /// An objective that cannot improve has best >= worst.
  Box box(const Costs& front, std::span<const double> best, std::span<const double> worst) const;

 private:
  void learn_ranges();
  void narrow_to_aspiration(const Costs& front, Box& box) const;

  std::vector<Criterion> criteria_;
  bool bounded_ = false, aspiring_ = false;
  std::vector<std::vector<double>> front_;  ///< costs of what nothing noted dominates; kept for aspirations alone
  Box range_;                               ///< over that front
  double nearest_ = 0;                      ///< its least distance to the aspirations
};

/// The criteria by which readings below the full budget are judged: hard limits and wishes are of the full budget, so
/// what has rungs loses them (and its rungs).
std::vector<Criterion> criteria_of_readings(std::vector<Criterion> criteria);

/// The wishes of a study whose objectives may have rungs: what ended below the full budget is judged as readings are.
class WishesByRung {
 public:
  explicit WishesByRung(const std::vector<Criterion>& criteria)
      : full_(criteria), readings_(criteria_of_readings(criteria)) {}

  bool any() const { return full_.any(); }
  void note(const Trial& trial) { full_.note(trial), readings_.note(trial); }
  /// Of a trial's costs; 0 where nothing is wished for and where it has none.
  double miss(std::span<const double> costs, bool at_full_budget) const {
    const Wishes& wishes = at_full_budget ? full_ : readings_;
    return wishes.any() && !costs.empty() ? wishes.miss(costs) : 0;
  }

 private:
  Wishes full_, readings_;
};

/// The part of a score that counts with this miss: all of it with none, half where it is `nearness`.
inline double share_left(double miss) { return 1 / (1 + miss / Wishes::nearness); }

/// Layers (0, 1, ...) parted: within each what misses less comes before what misses more; equal misses share a layer.
/// One miss per layer given.
std::vector<std::int32_t> parted_by_miss(std::vector<std::int32_t> layer_of, std::span<const double> misses);

}  // namespace paretoforge
