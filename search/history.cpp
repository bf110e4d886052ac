// The history of a model-based search.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

#include "search/history_internal.hpp"

namespace paretoforge {

namespace {

constexpr std::size_t enough_feasible = 4;
constexpr double edge = 1e-3;  ///< from the ends of the common scale: a thousand ranges away

RangeScale scale_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const double low = values.front(), quartile = values[(values.size() - 1) * 3 / 4];
  return {low, quartile > low ? quartile : values.back()};
}

bool good(const Observation& seen) { return seen.complete && seen.violation == 0; }

std::vector<double> raw_costs(const Observation& seen) {
  std::vector<double> result;
  for (const auto& cost : seen.costs) result.push_back(cost.value());
  return result;
}

Costs nondominated(const Costs& points) {
  Costs best(points.objectives());
  const auto layers = nondominated_layers(points);
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i] == 0) best.add(points[i]);
  return best;
}

}  // namespace

double RangeScale::operator()(double cost) const {
  // Halved, so that a range from -1e308 to 1e308 does not overflow.
  const double range = high / 2 - low / 2;
  if (!(range > 0)) return cost > high ? 1 : cost < low ? -0.5 : 0;
  const double share = (cost / 2 - low / 2) / range;
  if (share > 1) return 2 - 1 / share;
  return share < 0 ? -1 - 1 / (share - 1) : share;
}

double RangeScale::cost_at(double scaled) const {
  const double at = std::clamp(scaled, edge - 1, 2 - edge);
  const double share = at > 1 ? 1 / (2 - at) : at < 0 ? 1 - 1 / (at + 1) : at;
  constexpr double most = std::numeric_limits<double>::max() / 2;
  return std::clamp(low / 2 + share * (high / 2 - low / 2), -most, most) * 2;
}

History::History(std::vector<Criterion> criteria)
    : full_criteria_(std::move(criteria)), full_(full_rung(full_criteria_)), rung_(full_) {
  rung_ = rung_to_learn_from();
  look_again();
}

std::uint32_t History::rung_to_learn_from() const {
  const bool readable = std::none_of(full_criteria_.begin(), full_criteria_.end(),
                                     [](const Criterion& c) { return c.expensive && c.rungs.empty(); });
  for (std::uint32_t rung = full_; readable && rung > 0; --rung) {
    const auto reached = std::count_if(trials_told_.begin(), trials_told_.end(), [&](const Trial& trial) {
      if (rung == full_) return trial.state == TrialState::complete;
      return std::any_of(trial.readings.begin(), trial.readings.end(), [&](const auto& r) { return r.rung == rung; });
    });
    if (static_cast<std::size_t>(reached) >= least_at_rung) return rung;
  }
  return readable ? 0 : full_;
}

/// Sees everything told at the rung that is learnt from now.
void History::look_again() {
  criteria_ = rung_ == full_ ? full_criteria_ : criteria_of_readings(full_criteria_);
  wishes_ = Wishes(criteria_);
  for (std::size_t i = 0; i < told_.size(); ++i) {
    wishes_.note(trials_told_[i]);
    look_again(i);
  }
}

void History::look_again(std::size_t i) {
  const bool repeat = told_[i].repeat;
  told_[i] = observed(trials_told_[i]);
  told_[i].repeat = repeat;
}

Observation History::judged(const Trial& trial, Observation seen, std::span<const Criterion> criteria) {
  seen.architecture = trial.architecture;
  seen.failed = trial.state == TrialState::failed;
  seen.number = trial.number;
  if (!seen.complete && trial.state != TrialState::infeasible) {
    seen.violation = std::numeric_limits<double>::infinity();
    return seen;
  }
  for (std::size_t k = 0; k < criteria.size(); ++k)
    if (seen.costs[k]) seen.violation += excess(criteria[k], cost(criteria[k], *seen.costs[k]));
  seen.violation = std::min(seen.violation, std::numeric_limits<double>::max());
  return seen;
}

std::optional<double> History::cost_at_rung(const Trial& trial, std::size_t k) const {
  const Criterion& criterion = criteria_[k];
  if (!criterion.expensive || full_ == 0 || (rung_ == full_ && trial.state == TrialState::complete)) {
    if (k < trial.values.size() && trial.values[k]) return cost(criterion, *trial.values[k]);
    return std::nullopt;
  }
  for (const Reading& reading : trial.readings)
    if (reading.rung == rung_ && reading.objective == k) return cost(criterion, reading.value);
  return std::nullopt;
}

Observation History::observed(const Trial& trial) const {
  Observation seen;
  const bool full = rung_ == full_;
  seen.complete = full ? trial.state == TrialState::complete
                       : trial.state == TrialState::complete || trial.state == TrialState::pruned;
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    seen.costs.push_back(cost_at_rung(trial, k));
    seen.complete &= seen.costs.back().has_value();
  }
  return judged(trial, std::move(seen), criteria_);
}

Observation History::newest(const Trial& trial) const {
  Observation seen;
  seen.complete = trial.state == TrialState::complete || trial.state == TrialState::pruned;
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    const auto value = k < trial.values.size() ? trial.values[k] : std::nullopt;
    seen.costs.push_back(value ? std::optional(cost(criteria_[k], *value)) : std::nullopt);
    seen.complete &= value.has_value();
  }
  const bool low = trial.state == TrialState::pruned;
  return judged(trial, std::move(seen), low ? criteria_of_readings(full_criteria_) : full_criteria_);
}

void History::tell(const Trial& trial) {
  const auto waiting = std::find(pending_.begin(), pending_.end(), trial.architecture);
  if (waiting != pending_.end()) pending_.erase(waiting);
  trials_told_.push_back(trial);
  told_.push_back(observed(trial));
  wishes_.note(trial);
  told_.back().repeat = trial.number <= newest_;
  trials_ += !told_.back().repeat;
  newest_ = std::max(newest_, trial.number);
  climb();
}

void History::update(const Trial& trial) {
  wishes_.note(trial);
  for (std::size_t i = 0; i < told_.size(); ++i) {
    if (told_[i].number != trial.number) continue;
    Architecture architecture = std::move(told_[i].architecture);
    trials_told_[i] = trial;
    trials_told_[i].architecture = std::move(architecture);
    look_again(i);
  }
  climb();
}

/// To a higher rung, once enough trials have reached it.
void History::climb() {
  if (rung_ == full_) return;
  const std::uint32_t next = rung_to_learn_from();
  if (next == rung_) return;
  rung_ = next;
  look_again();
}

std::vector<RangeScale> History::scales() const {
  const auto feasible = static_cast<std::size_t>(std::count_if(told_.begin(), told_.end(), good));
  std::vector<RangeScale> result;
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    std::vector<double> values;
    for (const Observation& seen : told_)
      if (seen.costs[k] && (feasible < enough_feasible || good(seen))) values.push_back(*seen.costs[k]);
    result.push_back(scale_of(std::move(values)));
  }
  return result;
}

std::vector<double> scaled_costs(const Observation& observation, std::span<const RangeScale> scales) {
  std::vector<double> result;
  for (std::size_t k = 0; k < scales.size(); ++k) result.push_back(scales[k](observation.costs[k].value()));
  return result;
}

std::vector<Individual> History::ranked(std::span<const RangeScale> scales) const {
  std::vector<Individual> all;
  for (const Observation& seen : told_) {
    all.push_back({.architecture = seen.architecture, .violation = seen.violation});
    if (!seen.complete) continue;
    all.back().costs = scaled_costs(seen, scales);
    if (wishes_.any()) all.back().miss = wishes_.miss(raw_costs(seen));
  }
  rank(all);
  return all;
}

Costs History::front(std::span<const RangeScale> scales) const {
  Costs points(criteria_.size());
  for (const Observation& seen : told_)
    if (good(seen)) points.add(scaled_costs(seen, scales));
  return nondominated(points);
}

Costs History::raw_front() const {
  Costs points(criteria_.size());
  for (const Observation& seen : told_)
    if (good(seen)) points.add(raw_costs(seen));
  return nondominated(points);
}

Box History::box(std::vector<double> reference, std::span<const RangeScale> scales) const {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Box result{std::vector<double>(criteria_.size(), -infinity), std::move(reference)};
  const bool moved = std::any_of(criteria_.begin(), criteria_.end(), [](const auto& c) { return c.reference; });
  if (!moved && !wishes_.any()) return result;
  std::vector<double> least(criteria_.size(), infinity), greatest(criteria_.size(), -infinity);
  for (const Observation& seen : told_)
    for (std::size_t k = 0; good(seen) && k < least.size(); ++k) {
      least[k] = std::min(least[k], *seen.costs[k]);
      greatest[k] = std::max(greatest[k], *seen.costs[k]);
    }
  const Box wished = wishes_.box(raw_front(), least, greatest);
  for (std::size_t k = 0; k < least.size() && least[k] <= greatest[k]; ++k) {
    // Where it leaves no room nothing could be told apart by it: the misses alone steer then.
    if (wished.worst[k] != greatest[k] && wished.worst[k] > least[k]) result.worst[k] = scales[k](wished.worst[k]);
    if (wished.best[k] > least[k] && wished.best[k] < wished.worst[k]) result.best[k] = scales[k](wished.best[k]);
  }
  return result;
}

std::vector<std::size_t> History::instructive(std::size_t most) const {
  std::vector<std::size_t> places(told_.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  if (places.size() <= most) return places;
  const std::vector<Individual> all = ranked(scales());
  const auto older = places.end() - static_cast<std::ptrdiff_t>(most / 2);
  std::stable_sort(places.begin(), older, [&](std::size_t a, std::size_t b) { return fitter(all[a], all[b]); });
  places.erase(places.begin() + static_cast<std::ptrdiff_t>(most - most / 2), older);
  std::sort(places.begin(), places.end());
  return places;
}

}  // namespace paretoforge
