// Which candidate the default searcher would take: the box in which hypervolume counts, and what is worth most in it.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "search/auto_models_internal.hpp"
#include "search/pareto.hpp"

namespace paretoforge {

namespace {

using Eigen::Index;

constexpr std::size_t first_trials = 10;    ///< whose costs say what is bad: their ninth decile, moved away from
constexpr double widening = 0.5;            ///< the best of them by this share
constexpr double margin = 0.01;             ///< of a cheap objective's range, behind its worst
constexpr double trust_in_readings = 0.15;  ///< models are surer of what a reading will show than readings bear out
/// Of a standard normal value, in the middle of eight parts of equal chance.
constexpr double quantiles[] = {1.534, 0.887, 0.489, 0.157, -0.157, -0.489, -0.887, -1.534};
/// Points of a front that boxes are cut from, by number of objectives: their number grows with the power of it.
constexpr std::size_t most_front[] = {1000, 1000, 1000, 60, 24, 14, 11};

/// A level moved away from the best by a share of its distance; finite.
double beyond(double level, double share, double best) {
  return std::min(level + share * (level - best), std::numeric_limits<double>::max());
}

}  // namespace

/// Where improvement is looked for, in scaled costs: behind the front, and before the worst of all candidates where an
/// objective is cheap, before the worse of the first trials where it is modelled; limits and wishes move it.
OpenBoxes AutoModels::boxes(bool with_waiting) const {
  const std::size_t objectives = problem_.criteria.size();
  std::vector<double> worst = greatest_;
  // A hair behind the worst, so that the ends of a front count, too.
  for (std::size_t c = 0; c < objectives; ++c) worst[c] = beyond(worst[c], margin, least_[c]);
  for (std::size_t m = 0; m < modelled_.size(); ++m) {
    std::vector<double> seen;
    if (m < first_beliefs_.size() && !first_beliefs_[m].empty())
      seen = first_beliefs_[m];
    else
      for (std::size_t i = m; i < first_costs_.size(); i += modelled_.size()) seen.push_back(first_costs_[i]);
    std::sort(seen.begin(), seen.end());
    if (seen.empty()) continue;
    worst[modelled_[m]] = beyond(seen[(seen.size() - 1) * 9 / 10], widening, seen.front());
  }
  Costs raw(objectives);
  for (const auto& costs : front_) raw.add(costs);
  const Box box = wishes_.box(raw, least_, worst);

  Costs front(objectives);
  std::vector<double> row(objectives), reference(objectives), ideal(objectives);
  for (std::size_t c = 0; c < objectives; ++c) {
    // Where all seen is equal, anything better counts, by at most the value's own size; where a limit is out of reach
    // so far, the least miss does.
    const bool constant = !(least_[c] < worst[c]), missed = !constant && !(least_[c] < box.worst[c]);
    reference[c] = constant ? scales_[c].scaled(least_[c]) + 1 : scales_[c].scaled(missed ? least_[c] : box.worst[c]);
    // Models may promise better costs than any seen: an ideal counts only where it is wished for.
    ideal[c] = box.best[c] > least_[c] ? scales_[c].scaled(box.best[c]) : -std::numeric_limits<double>::infinity();
  }
  for (const auto& costs : front_) {
    for (std::size_t c = 0; c < objectives; ++c) row[c] = scales_[c].scaled(costs[c]);
    front.add(row);
  }
  for (const Waiting& each : waiting_) {
    if (!with_waiting || each.told) continue;
    for (std::size_t c = 0; c < objectives; ++c) row[c] = scales_[c].scaled(each.costs[c]);
    for (std::size_t m = 0; m < modelled_.size(); ++m)
      row[modelled_[m]] = scales_[modelled_[m]].expected(posteriors_[m].means()[each.place]);
    // A point whose cheap objectives cannot be measured will fail.
    if (std::none_of(row.begin(), row.end(), [](double value) { return std::isnan(value); })) front.add(row);
  }
  return OpenBoxes(thinned(front), reference, ideal);
}

/// The points that nothing dominates; of more than boxes can be cut from, some at random, others each time.
Costs AutoModels::thinned(const Costs& points) const {
  const std::vector<std::int32_t> layers = nondominated_layers(points);
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i] == 0) first.push_back(i);
  const std::size_t most = most_front[std::min(points.objectives(), std::size(most_front) - 1)];
  if (first.size() > most) {
    Random(derived_seed(problem_.seed, points.size())).shuffle(first);
    first.resize(most);
  }
  Costs few(points.objectives());
  for (const std::size_t i : first) few.add(points[i]);
  return few;
}

double AutoModels::improvement(const OpenBoxes& open, const PoolPoint& point, std::span<const double> means,
                               std::span<const double> variances) const {
  std::vector<CostBelief> beliefs(scales_.size());
  for (std::size_t c = 0; c < beliefs.size(); ++c) beliefs[c].mean = scales_[c].scaled(point.costs[c]);
  for (std::size_t m = 0; m < modelled_.size(); ++m)
    beliefs[modelled_[m]] = scales_[modelled_[m]].belief(means[m], std::sqrt(variances[m] + posteriors_[m].noise()));
  return open.expected_improvement(beliefs);
}

AutoModels::Beliefs AutoModels::beliefs(std::size_t w) const {
  Beliefs beliefs;
  const auto place = static_cast<Index>(first_followed_ + w);
  for (const Posterior& posterior : posteriors_) {
    beliefs.means.push_back(posterior.means()[place]);
    beliefs.variances.push_back(posterior.variances()[place]);
    beliefs.moves.push_back(posterior.moves().size() > 0 ? posterior.moves()[place] : 0);
  }
  return beliefs;
}

/// What a point is worth measuring, where there are rungs for each unit of what that costs. At the full budget, of
/// which `spent` is paid: the improvement expected. At the first rung: that of going on where the reading is good, by
/// the rule of Gittins for boxes that are opened in two steps (Weitzman, "Optimal search for the best alternative",
/// 1979, for boxes in one step; for expensive searches Xie, Astudillo, Frazier, Scully and Terenin, "Cost-aware
/// Bayesian optimization via the Pandora's box Gittins index", 2024).
double AutoModels::worth(const OpenBoxes& open, const PoolPoint& point, const Beliefs& beliefs, double spent) const {
  const bool reads = spent == 0 && rung_share_ > 0;
  if (!reads)
    return improvement(open, point, beliefs.means, beliefs.variances) /
           (rung_share_ > 0 ? (1 - spent) * point.effort : 1);
  std::array<double, std::size(quantiles)> gains{};
  for (std::size_t k = 0; k < gains.size(); ++k) {
    std::vector<double> moved = beliefs.means, left = beliefs.variances;
    for (std::size_t m = 0; m < moved.size(); ++m) {
      moved[m] += beliefs.moves[m] * quantiles[k];
      left[m] = std::max(0.0, left[m] - beliefs.moves[m] * beliefs.moves[m]);
    }
    gains[k] = improvement(open, point, moved, left);
  }
  // The best of the rules "go on where the reading is among the best so many": gain for cost.
  std::sort(gains.begin(), gains.end(), std::greater<>());
  double most = 0, gain = 0, chance = 0;
  for (const double each : gains) {
    gain += each / std::size(quantiles), chance += 1.0 / std::size(quantiles);
    most = std::max(most, gain / (rung_share_ + chance * (1 - rung_share_)));
  }
  return trust_in_readings * most / point.effort;
}

std::optional<AutoModels::Choice> AutoModels::best(const CandidatePool& pool) {
  if (!best_) best_ = weighed(pool);
  return *best_;
}

std::optional<AutoModels::Choice> AutoModels::weighed(const CandidatePool& pool) const {
  const OpenBoxes open = boxes(true);
  double most = 0;
  std::optional<Choice> best;
  for (std::size_t w = 0; w < gone_.size(); ++w) {
    const bool fresh = w < followed_.size();
    const PoolPoint& point = fresh ? pool[followed_[w]] : paused_[w - followed_.size()].point;
    if (gone_[w] || (fresh && skip_networks_ && networks_.contains(point.network))) continue;
    const double gain = worth(open, point, beliefs(w), fresh ? 0 : rung_share_);
    if (!(gain > most)) continue;
    most = gain;
    best = fresh ? Choice{followed_[w], 0, w} : Choice{0, paused_[w - followed_.size()].trial, w};
  }
  return best;
}

void AutoModels::take(const Choice& choice, const CandidatePool& pool) {
  best_.reset();
  const PoolPoint& point = choice.trial == 0 ? pool[choice.position] : paused_[choice.place - followed_.size()].point;
  const auto place = static_cast<Index>(first_followed_ + choice.place);
  gone_[choice.place] = 1;
  for (Posterior& posterior : posteriors_) full_ = !posterior.add(place) || full_;
  if (!full_) waiting_.push_back({point.architecture, point.costs, place});
}

void AutoModels::drop(const Architecture& point, const CandidatePool& pool) {
  for (std::size_t w = 0; w < followed_.size(); ++w)
    if (!gone_[w] && pool[followed_[w]].architecture == point) gone_[w] = 1, best_.reset();
}

void AutoModels::tell(const Architecture& point, const std::vector<double>& costs) {
  best_.reset();
  for (Waiting& each : waiting_)
    if (each.architecture == point) each.told = true, each.told_costs = costs;
  resolve_waiting();
  if (costs.empty()) return;
  for (std::size_t c = 0; c < costs.size(); ++c) least_[c] = std::min(least_[c], costs[c]);
  for (const std::size_t m : modelled_)
    if (first_costs_.size() < first_trials * modelled_.size()) first_costs_.push_back(costs[m]);
  Trial trial;
  for (std::size_t c = 0; c < costs.size(); ++c) trial.values.push_back(cost(problem_.criteria[c], costs[c]));
  wishes_.note(trial);
  const auto covers = [&](const std::vector<double>& a, const std::vector<double>& b) {
    return a == b || dominates(a, b);
  };
  for (const auto& member : front_)
    if (covers(member, costs)) return;
  std::erase_if(front_, [&](const auto& member) { return dominates(costs, member); });
  front_.push_back(costs);
}

/// Rows are resolved in the order in which they were added, whatever the order of telling.
void AutoModels::resolve_waiting() {
  while (!waiting_.empty() && waiting_.front().told) {
    const std::vector<double>& costs = waiting_.front().told_costs;
    for (std::size_t m = 0; m < modelled_.size(); ++m)
      posteriors_[m].resolve(costs.empty() ? std::nullopt : std::optional(scales_[modelled_[m]](costs[modelled_[m]])));
    waiting_.pop_front();
  }
}

}  // namespace paretoforge
