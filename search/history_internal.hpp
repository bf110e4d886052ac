// What model-based searchers know: the trials told, the points that wait for theirs, and costs on a common scale.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "search/objective.hpp"
#include "search/population.hpp"
#include "search/trial.hpp"
#include "search/wishes.hpp"
#include "space/space.hpp"

namespace paretoforge {

/// A proposal that was told.
struct Observation {
  Architecture architecture = {};
  std::vector<std::optional<double>> costs = {};  ///< one per criterion, to be minimised; empty where not measured
  double violation = 0;                           ///< of the limits; infinite where it is not complete
  bool complete = false;                          ///< measured at the rung that is learnt from, with all costs
  bool failed = false;
  std::uint64_t number = 0;  ///< of the trial
  bool repeat = false;       ///< another trial's network, told at no cost
};

/// Costs of one criterion from any range on a common one: 0 the least seen, 1 the upper quartile. Linear between;
/// beyond it approaches 2 above and -1 below, slope kept at the joints, so that one enormous value cannot hide the
/// others.
struct RangeScale {
  double low = 0, high = 0;
  double operator()(double cost) const;
  /// The cost that has this value; what lies beyond all costs counts as a thousand ranges away. `low` where constant.
  double cost_at(double scaled) const;
};

/// Everything told so far, in the order of the tells. Where there are rungs it is seen at one of them: the highest that
/// `least_at_rung` trials have reached, else the lowest; what was not measured there has no expensive costs. Below the
/// full budget limits and wishes of what has rungs are left out (criteria_of_readings). Where an expensive objective
/// has no rungs only the full budget counts.
class History {
 public:
  static constexpr std::size_t least_at_rung = 10;

  explicit History(std::vector<Criterion> criteria);

  void asked(Architecture point) { pending_.push_back(std::move(point)); }
  void tell(const Trial& trial);
  /// What was told of that trial's architecture before is replaced.
  void update(const Trial& trial);

  /// Those of the rung that is learnt from.
  const std::vector<Criterion>& criteria() const { return criteria_; }
  std::uint32_t rung() const { return rung_; }
  std::span<const Observation> told() const { return told_; }
  /// Asked for and not told yet, in that order.
  std::span<const Architecture> pending() const { return pending_; }
  /// The study's wishes, measured by the front so far.
  const Wishes& wishes() const { return wishes_; }
  /// Told, repeats not counted.
  std::size_t trials() const { return trials_; }

  /// One per criterion, from the trials that keep all limits where four do, else from all that have a value. Constant
  /// or unknown costs have a scale that gives 0.
  std::vector<RangeScale> scales() const;
  /// Everything told under constrained domination (see rank) with its misses, on the common scale where complete.
  std::vector<Individual> ranked(std::span<const RangeScale> scales) const;
  /// The scaled costs of what is complete and keeps all limits and nothing dominates.
  Costs front(std::span<const RangeScale> scales) const;
  /// Where hypervolume should be improved, on the common scale: up to `reference`, but for objectives where
  /// Wishes::box says otherwise; no better end where there is no region of interest.
  Box box(std::vector<double> reference, std::span<const RangeScale> scales) const;
  /// Positions in told() of at most `most` to learn from: all, or the newest half of them and the fittest.
  std::vector<std::size_t> instructive(std::size_t most) const;
  /// One trial with its newest readings, whatever their rung.
  Observation newest(const Trial& trial) const;

 private:
  Observation observed(const Trial& trial) const;
  std::optional<double> cost_at_rung(const Trial& trial, std::size_t k) const;
  static Observation judged(const Trial& trial, Observation seen, std::span<const Criterion> criteria);
  std::uint32_t rung_to_learn_from() const;
  void look_again();
  void look_again(std::size_t i);
  void climb();
  /// In their own units: the costs of what is complete and keeps all limits and nothing dominates.
  Costs raw_front() const;

  std::vector<Criterion> full_criteria_, criteria_;
  Wishes wishes_;
  std::uint32_t full_, rung_;
  std::vector<Trial> trials_told_;  ///< as told_ has them
  std::vector<Observation> told_;
  std::vector<Architecture> pending_;
  std::size_t trials_ = 0;
  std::uint64_t newest_ = 0;  ///< the greatest number of a trial told
};

/// The costs on the common scale; all must be known.
std::vector<double> scaled_costs(const Observation& observation, std::span<const RangeScale> scales);

}  // namespace paretoforge
