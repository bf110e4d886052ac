// Candidates, and what is expected of them.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <unordered_set>

#include "search/forecast_internal.hpp"
#include "search/improvement.hpp"
#include "search/normal_internal.hpp"

namespace paretoforge {

namespace {

constexpr std::size_t tries_per_place = 4;
constexpr std::size_t near_parents = 8;  ///< whose nearest points of a list become candidates
constexpr std::size_t most_cached = 100000;
constexpr double rounding = 1e-9;  ///< what scaling there and back may add to a miss

std::size_t differing(const Architecture& a, const Architecture& b) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i];
  return count;
}

/// Keeps what is added distinct and available.
class Gathered {
 public:
  Gathered(const FreshPoints& points, std::size_t count) : points_(points), count_(count) {}
  bool full() const { return all.size() >= count_; }
  void add(const Architecture& point) {
    if (!full() && points_.available(point) && seen_.insert(point).second) all.push_back(point);
  }
  std::vector<Architecture> all;

 private:
  const FreshPoints& points_;
  std::size_t count_;
  std::unordered_set<Architecture, ArchitectureHash> seen_;
};

/// The `count` points of the list nearest to `centre`, in their order in the list among equals.
void add_nearest(Gathered& gathered, const std::vector<Architecture>& list, const Architecture& centre,
                 std::size_t count) {
  std::vector<std::pair<std::size_t, std::size_t>> by_distance;
  for (std::size_t i = 0; i < list.size(); ++i) by_distance.emplace_back(differing(list[i], centre), i);
  const auto end = by_distance.begin() + static_cast<std::ptrdiff_t>(std::min(count, list.size()));
  std::partial_sort(by_distance.begin(), end, by_distance.end());
  for (auto at = by_distance.begin(); at != end; ++at) gathered.add(list[at->second]);
}

}  // namespace

std::vector<double> mean_costs(const Outlook& outlook) {
  std::vector<double> result;
  for (const Belief& belief : outlook.costs) result.push_back(belief.mean);
  return result;
}

std::size_t most_in_front(std::size_t objectives) {
  constexpr std::array<std::size_t, 7> most{1, 1, 200, 60, 24, 14, 10};
  return most[std::min(objectives, most.size() - 1)];
}

Costs thinned_front(const Costs& points) {
  const std::vector<std::int32_t> layers = nondominated_layers(points);
  std::vector<std::size_t> members, order;
  for (std::size_t i = 0; i < layers.size(); ++i)
    if (layers[i] == 0) order.push_back(members.size()), members.push_back(i);
  const std::vector<double> distance = crowding_distances(points, members);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return distance[a] > distance[b]; });
  order.resize(std::min(order.size(), most_in_front(points.objectives())));
  Costs front(points.objectives());
  for (const std::size_t place : order) front.add(points[members[place]]);
  return front;
}

std::vector<double> reference_beyond(const Costs& scaled) {
  std::vector<double> result(scaled.objectives(), 1.1);
  for (std::size_t i = 0; i < scaled.size(); ++i)
    for (std::size_t k = 0; k < result.size(); ++k) result[k] = std::max(result[k], 1.1 * scaled[i][k]);
  return result;
}

std::size_t greatest_improvement(std::span<const Outlook> outlooks, const Costs& points, const Box& box) {
  const OpenBoxes boxes(thinned_front(points), box.worst, box.best);
  std::vector<double> scores;
  for (const Outlook& outlook : outlooks) {
    std::vector<CostBelief> certain;
    for (const Belief& belief : outlook.costs) certain.push_back({.mean = belief.mean});
    scores.push_back(boxes.expected_improvement(certain));
  }
  return most_promising(outlooks, scores);
}

BredCandidates::BredCandidates(const SearchProblem& problem, const BreedingRates& rates)
    : space_(problem.space), breeder_(problem.space, rates), given_(problem.points) {}

std::vector<Architecture> BredCandidates::gather(const FreshPoints& points, std::span<const Individual> parents,
                                                 std::size_t count, Random& random) const {
  Gathered gathered(points, count);
  const auto size = space_.size().exact;
  if (given_ ? given_->size() <= count : size && *size <= count) {
    if (given_)
      for (const Architecture& point : *given_) gathered.add(point);
    else
      space_.enumerate([&](const Architecture& point) { return gathered.add(point), true; });
    return gathered.all;
  }
  const std::size_t random_share = given_ ? 2 : 8;  // one candidate in so many is drawn, not bred
  const auto any = [&] { return given_ ? (*given_)[random.below(given_->size())] : space_.sample(random); };
  const auto child = [&] {
    const Individual& mother = binary_tournament(parents, random);
    return breeder_.child(mother.architecture, binary_tournament(parents, random).architecture, random);
  };
  if (given_ && !parents.empty())
    for (std::size_t i = 0; i < near_parents; ++i)
      add_nearest(gathered, *given_, binary_tournament(parents, random).architecture, count / (2 * near_parents));
  for (std::size_t turn = 0; turn < tries_per_place * count && !gathered.full(); ++turn)
    gathered.add(parents.empty() || turn % random_share == 0 ? any() : child());
  return gathered.all;
}

Forecaster::Forecaster(const SearchProblem& problem, const ForecastModels& models, std::size_t most_rows)
    : space_(problem.space),
      criteria_(problem.criteria),
      cheap_(problem.cheap),
      cheap_features_(models.cheap_features),
      most_rows_(most_rows) {
  for (std::size_t k = 0; k < criteria_.size(); ++k) surrogates_.push_back(known(k) ? nullptr : models.make());
  fitted_.resize(criteria_.size());
  scales_.resize(criteria_.size());
}

const Forecaster::Known& Forecaster::cheap_values(const Architecture& point) {
  if (seen_.size() >= most_cached) seen_.clear();
  const auto [place, fresh] = seen_.try_emplace(point);
  if (fresh) {
    place->second = cheap_(point);
    if (place->second)
      for (std::size_t k = 0; k < criteria_.size(); ++k)
        if (auto& value = (*place->second)[k]) value = cost(criteria_[k], *value);
  }
  return place->second;
}

std::vector<double> Forecaster::encoded(const Architecture& point) const {
  const std::vector<float> encoding = space_.encode(point);
  std::vector<double> row(encoding.begin(), encoding.end());
  if (row.empty()) row.push_back(0);  // a space without decisions
  return row;
}

std::vector<double> Forecaster::features(const Architecture& point,
                                         std::span<const std::optional<double>> costs) const {
  std::vector<double> row = encoded(point);
  for (std::size_t k = 0; k < criteria_.size(); ++k)
    if (known(k) && cheap_features_) row.push_back(scales_[k](costs[k].value()));
  return row;
}

void Forecaster::fit(const History& history, std::span<const Outlook> fantasies, std::uint64_t seed) {
  scales_ = history.scales();
  wishes_ = history.wishes();
  criteria_ = history.criteria();  // below the full budget without its limits
  const auto told = history.told();
  any_fits_ = std::any_of(told.begin(), told.end(), [](const Observation& seen) { return seen.violation == 0; });
  Encoded attempts;
  std::vector<double> failed;
  std::vector<Encoded> rows(criteria_.size());
  std::vector<std::vector<double>> values(criteria_.size());
  for (const std::size_t i : history.instructive(most_rows_)) {
    const Observation& seen = history.told()[i];
    attempts.add(encoded(seen.architecture));
    failed.push_back(seen.failed ? 1 : 0);
    bool complete = true;
    for (std::size_t k = 0; k < criteria_.size(); ++k) complete &= !known(k) || seen.costs[k].has_value();
    if (!complete) continue;
    const std::vector<double> row = features(seen.architecture, seen.costs);
    for (std::size_t k = 0; k < criteria_.size(); ++k)
      if (surrogates_[k] && seen.costs[k]) rows[k].add(row), values[k].push_back(scales_[k](*seen.costs[k]));
  }
  any_failed_ = std::find(failed.begin(), failed.end(), 1.0) != failed.end();
  if (any_failed_) failures_.fit(attempts, failed, derived_seed(seed, criteria_.size()));
  const std::vector<std::optional<double>> none(criteria_.size());
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    if (!surrogates_[k]) continue;
    fitted_[k] = !values[k].empty();
    if (!fitted_[k]) continue;
    for (const Outlook& fantasy : fantasies) {
      const Known* cheap = cheap_ ? &cheap_values(fantasy.architecture) : nullptr;
      if (cheap && !*cheap) continue;
      rows[k].add(features(fantasy.architecture, cheap ? **cheap : none));
      values[k].push_back(fantasy.costs[k].mean);
    }
    surrogates_[k]->fit(rows[k], values[k], derived_seed(seed, k));
  }
}

std::vector<Outlook> Forecaster::outlooks(std::vector<Architecture> points) {
  std::vector<Outlook> all;
  std::vector<Architecture> over;  // a cheap limit
  Encoded rows;
  const std::vector<std::optional<double>> none(criteria_.size());
  const auto add = [&](const Architecture& point, const std::vector<std::optional<double>>& cheap) {
    rows.add(features(point, cheap));
    all.push_back({.architecture = point, .costs = std::vector<Belief>(criteria_.size(), {1, 1})});
    for (std::size_t k = 0; k < criteria_.size(); ++k)
      if (known(k)) all.back().costs[k] = {scales_[k](cheap[k].value()), 0};
  };
  const auto keeps = [&](const std::vector<std::optional<double>>& cheap) {
    for (std::size_t k = 0; k < criteria_.size(); ++k)
      if (known(k) && criteria_[k].limit && *cheap[k] > cost(criteria_[k], *criteria_[k].limit)) return false;
    return true;
  };
  for (Architecture& point : points) {
    if (!cheap_) {
      add(point, none);
    } else if (const Known& cheap = cheap_values(point); cheap) {
      if (keeps(*cheap))
        add(point, *cheap);
      else
        over.push_back(std::move(point));
    }
  }
  if (all.empty())
    for (const Architecture& point : over) add(point, *cheap_values(point));
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    if (!fitted_[k] || all.empty()) continue;
    const std::vector<Belief> beliefs = surrogates_[k]->predict(rows);
    for (std::size_t i = 0; i < all.size(); ++i) all[i].costs[k] = beliefs[i];
  }
  for (Outlook& outlook : all) judge(outlook);
  if (!any_failed_ || all.empty()) return all;
  Encoded encodings;
  for (const Outlook& outlook : all) encodings.add(encoded(outlook.architecture));
  const std::vector<Belief> failing = failures_.predict(encodings);
  // Never quite 0, so that where everything may fail the better is still preferred.
  for (std::size_t i = 0; i < all.size(); ++i) all[i].chance *= std::max(1e-3, 1 - failing[i].mean);
  return all;
}

double Forecaster::miss(std::span<const double> scaled) const {
  if (!wishes_.any()) return 0;
  std::vector<double> costs;
  for (std::size_t k = 0; k < scaled.size(); ++k) costs.push_back(scales_[k].cost_at(scaled[k]));
  const double found = wishes_.miss(costs);
  return found < rounding ? 0 : found;
}

void Forecaster::judge(Outlook& outlook) const {
  outlook.miss = miss(mean_costs(outlook));
  for (std::size_t k = 0; k < criteria_.size(); ++k) {
    if (!criteria_[k].limit) continue;
    const Belief& belief = outlook.costs[k];
    const double room = scales_[k](cost(criteria_[k], *criteria_[k].limit)) - belief.mean;
    outlook.overshoot += std::max(0.0, -room);
    outlook.chance *= belief.deviation > 0 ? normal_below(room / belief.deviation) : room >= 0 ? 1 : 0;
  }
  // Before anything was seen to keep the limits chances come from doubt alone, and doubt is greatest far from where
  // progress was made: what is expected to miss by least leads there.
  if (!any_fits_ && outlook.overshoot > 0) outlook.chance = 0;
}

std::size_t most_promising(std::span<const Outlook> outlooks, std::span<const double> scores) {
  const auto worse = [&](std::size_t a, std::size_t b) {
    const double score_a = scores[a] * share_left(outlooks[a].miss), score_b = scores[b] * share_left(outlooks[b].miss);
    const double of_a = score_a * outlooks[a].chance, of_b = score_b * outlooks[b].chance;
    if (of_a > 0 || of_b > 0) return of_a < of_b;
    if (outlooks[a].overshoot != outlooks[b].overshoot) return outlooks[a].overshoot > outlooks[b].overshoot;
    if (score_a != score_b) return score_a < score_b;
    return outlooks[a].miss > outlooks[b].miss;
  };
  std::size_t best = 0;
  for (std::size_t i = 1; i < outlooks.size(); ++i)
    if (worse(best, i)) best = i;
  return best;
}

}  // namespace paretoforge
