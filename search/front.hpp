// The trials that nothing dominates, how good they are together, and which few of them to look at first.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/objective.hpp"
#include "search/pareto.hpp"
#include "search/trial.hpp"

namespace paretoforge {

/// The front, kept while trials are added: every complete trial that no complete trial dominates. Trials over
/// the limit of an expensive objective may be members (they say what the limit costs); `fitting` counts the
/// members that keep every limit. Of trials with equal values the first stays alone.
class Front {
 public:
  explicit Front(std::vector<Criterion> criteria);
  Front(std::vector<Criterion> criteria, std::span<const Trial> trials);

  /// Whether the trial became a member; what it dominates leaves. A trial that is not complete only changes
  /// the nearest miss.
  bool add(const Trial& trial);

  const std::vector<Criterion>& criteria() const { return criteria_; }
  /// In order of trial number.
  const std::vector<Trial>& members() const { return members_; }
  std::size_t fitting() const;
  /// While nothing fits: the trial with the least violation of the limits, the earliest of equals.
  const std::optional<Trial>& nearest_miss() const { return nearest_miss_; }
  /// Whether any trial keeps every limit (then a member does: what dominates it keeps them too).
  bool any_fits() const { return any_fits_; }

  /// The share of the box from the best to the worst value of each objective (among complete trials so far; an
  /// objective's reference, else a limit that is stricter than the worst, takes its place) that the members dominate:
  /// 0 to 1. An objective that is constant so far is left out; where nothing is better than a reference it is 0.
  double hypervolume() const;
  /// The same with bounds given in costs (see `cost`); for curves over trials that must not change their scale.
  double hypervolume(std::span<const double> best, std::span<const double> worst) const;
  std::vector<double> best() const { return best_; }  ///< least cost of each objective so far
  std::vector<double> worst() const;                  ///< the reference, else the greatest or a stricter limit

 private:
  void note_miss(const Trial& trial);

  std::vector<Criterion> criteria_;
  std::vector<Trial> members_;
  std::vector<std::vector<double>> member_costs_;
  std::vector<double> best_, worst_;
  std::optional<Trial> nearest_miss_;
  double least_violation_;
  bool any_fits_ = false;
};

/// Hypervolume after each trial, in bounds fixed by all of them; never falls.
std::vector<double> hypervolume_history(const std::vector<Criterion>& criteria, std::span<const Trial> trials);

/// The position of the member that gives the most for the least: farthest below the plane through the ends of
/// the front, every objective scaled to its range over the members (Das, "On characterizing the knee of the
/// Pareto curve", 1999). The first of equals; nothing where there are no members.
std::optional<std::size_t> knee(const std::vector<Criterion>& criteria, std::span<const Trial> members);

/// A member of the front worth looking at first, and why: "most accurate that fits the limits".
struct Pick {
  Trial trial;
  std::string reason;
};
/// A few of the members that keep every limit: the best of the first expensive (else first maximised, else
/// first) objective, the knee, then the best of every other objective in order; each trial once. Where some of them
/// keep the soft limits and lie in the region of interest, all this is said of those, and a better best past them is
/// added; where none does, the one nearest to it comes first. With aspirations the nearest to them is added. Where
/// nothing fits: the nearest miss alone, with by how much it misses.
std::vector<Pick> picks(const Front& front);

/// "latency_ms is 41.2, over its limit 40" for every limit that the trial's values break, joined by "; ".
std::string limits_broken(std::span<const Criterion> criteria, const Trial& trial);

}  // namespace paretoforge
