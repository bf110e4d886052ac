// Directions, limits and what they make of a trial.
#include "search/objective.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace paretoforge {

std::vector<Criterion> criteria(std::span<const Objective> objectives) {
  return {objectives.begin(), objectives.end()};
}

bool keeps_limit(const Criterion& criterion, double value) {
  return !criterion.limit || cost(criterion, value) <= cost(criterion, *criterion.limit);
}

bool keeps_soft_limit(const Criterion& criterion, double value) {
  return !criterion.soft_limit || cost(criterion, value) <= cost(criterion, *criterion.soft_limit);
}

double excess(const Criterion& criterion, double value) {
  if (keeps_limit(criterion, value)) return 0;
  const double scale = *criterion.limit == 0 ? 1 : std::abs(*criterion.limit);
  const double miss = cost(criterion, value) / scale - cost(criterion, *criterion.limit) / scale;
  // Stays finite and above zero, so that "misses by very much" and "by a hair" are both told from "failed" and "fits".
  return std::clamp(miss, std::numeric_limits<double>::min(), std::numeric_limits<double>::max());
}

std::uint32_t full_rung(std::span<const Criterion> criteria) {
  std::size_t count = 0;
  for (const Criterion& criterion : criteria) {
    const auto& rungs = criterion.rungs;
    if (rungs.empty()) continue;
    if (!criterion.expensive) throw std::invalid_argument(criterion.name + " is cheap and has rungs");
    if (count != 0 && rungs.size() != count)
      throw std::invalid_argument("objectives have different numbers of rungs, " + criterion.name + " among them");
    double below = 0;
    for (const double share : rungs) {
      if (!(share > below && share < 1))
        throw std::invalid_argument("the rungs of " + criterion.name + " do not rise from above 0 to below 1");
      below = share;
    }
    count = rungs.size();
  }
  return static_cast<std::uint32_t>(count);
}

std::vector<double> costs(std::span<const Criterion> criteria, const Trial& trial) {
  std::vector<double> result(criteria.size());
  for (std::size_t i = 0; i < criteria.size(); ++i) result[i] = cost(criteria[i], trial.values.at(i).value());
  return result;
}

double violation(std::span<const Criterion> criteria, const Trial& trial) {
  if (trial.state == TrialState::failed || trial.state == TrialState::pruned)
    return std::numeric_limits<double>::infinity();
  double sum = 0;
  for (std::size_t i = 0; i < criteria.size(); ++i)
    if (trial.values.at(i)) sum += excess(criteria[i], *trial.values[i]);
  return std::min(sum, std::numeric_limits<double>::max());
}

bool fits(std::span<const Criterion> criteria, const Trial& trial) {
  return trial.state == TrialState::complete && violation(criteria, trial) == 0;
}

bool counts(std::span<const Criterion> criteria, const Trial& trial) {
  if (trial.state == TrialState::complete || trial.state == TrialState::pruned) return true;
  if (trial.state == TrialState::infeasible) return false;
  bool any_expensive = false, cheap_known = true;
  for (std::size_t i = 0; i < criteria.size(); ++i) {
    any_expensive |= criteria[i].expensive;
    cheap_known &= criteria[i].expensive || trial.values.at(i).has_value();
  }
  return any_expensive && cheap_known;
}

}  // namespace paretoforge
