// The front of a study, its normalised hypervolume and its nearest miss.
#include "search/front.hpp"

#include <algorithm>
#include <limits>

#include "search/hypervolume.hpp"

namespace paretoforge {

namespace {
constexpr double infinity = std::numeric_limits<double>::infinity();
}

Front::Front(std::vector<Criterion> criteria)
    : criteria_(std::move(criteria)),
      best_(criteria_.size(), infinity),
      worst_(criteria_.size(), -infinity),
      least_violation_(infinity) {}

Front::Front(std::vector<Criterion> criteria, std::span<const Trial> trials) : Front(std::move(criteria)) {
  for (const Trial& trial : trials) add(trial);
}

void Front::note_miss(const Trial& trial) {
  if (any_fits_) return;
  const double miss = violation(criteria_, trial);
  if (trial.state == TrialState::complete && miss == 0) {
    any_fits_ = true;
    nearest_miss_.reset();
  } else if (miss < least_violation_) {
    least_violation_ = miss;
    nearest_miss_ = trial;
  }
}

bool Front::add(const Trial& trial) {
  note_miss(trial);
  if (trial.state != TrialState::complete) return false;
  const std::vector<double> row = costs(criteria_, trial);
  for (std::size_t k = 0; k < row.size(); ++k) {
    best_[k] = std::min(best_[k], row[k]);
    worst_[k] = std::max(worst_[k], row[k]);
  }
  for (const auto& member : member_costs_)
    if (member == row || dominates(member, row)) return false;
  for (std::size_t i = members_.size(); i-- > 0;) {
    if (!dominates(row, member_costs_[i])) continue;
    members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(i));
    member_costs_.erase(member_costs_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  const auto place = std::upper_bound(members_.begin(), members_.end(), trial,
                                      [](const Trial& a, const Trial& b) { return a.number < b.number; });
  member_costs_.insert(member_costs_.begin() + (place - members_.begin()), row);
  members_.insert(place, trial);
  return true;
}

std::size_t Front::fitting() const {
  return static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(), [&](const Trial& member) { return fits(criteria_, member); }));
}

std::vector<double> Front::worst() const {
  std::vector<double> result = worst_;
  for (std::size_t k = 0; k < result.size(); ++k)
    if (criteria_[k].reference) {
      result[k] = cost(criteria_[k], *criteria_[k].reference);
    } else if (criteria_[k].limit) {
      const double limit = cost(criteria_[k], *criteria_[k].limit);
      if (limit > best_[k]) result[k] = std::min(result[k], limit);
    }
  return result;
}

double Front::hypervolume() const { return hypervolume(best_, worst()); }

double Front::hypervolume(std::span<const double> best, std::span<const double> worst) const {
  std::vector<std::size_t> varying;
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    if (best[k] < worst[k])
      varying.push_back(k);
    else if (criteria_[k].reference)
      return 0;  // nothing is better than it
  }
  if (varying.empty()) return members_.empty() ? 0 : 1;
  Costs scaled(varying.size());
  std::vector<double> row(varying.size());
  for (const auto& member : member_costs_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::size_t k = varying[i];  // halved, so that a range from -1e308 to 1e308 does not overflow
      row[i] = (member[k] / 2 - best[k] / 2) / (worst[k] / 2 - best[k] / 2);
    }
    scaled.add(row);
  }
  return paretoforge::hypervolume(scaled, std::vector<double>(varying.size(), 1.0));
}

std::vector<double> hypervolume_history(const std::vector<Criterion>& criteria, std::span<const Trial> trials) {
  const Front all(criteria, trials);
  const std::vector<double> best = all.best(), worst = all.worst();
  Front front(criteria);
  std::vector<double> history;
  history.reserve(trials.size());
  for (const Trial& trial : trials) {
    const bool changed = front.add(trial);
    history.push_back(changed ? front.hypervolume(best, worst) : history.empty() ? 0 : history.back());
  }
  return history;
}

}  // namespace paretoforge
