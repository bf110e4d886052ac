// Parzen estimators and the search with them.
#include "search/motpe.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "search/hypervolume.hpp"
#include "search/model_search_internal.hpp"
#include "search/normal_internal.hpp"

namespace paretoforge {

namespace {

constexpr std::size_t most_good = 25;  ///< as in Optuna: with more, the estimators of good and others grow alike
constexpr std::size_t most_others = 1000;
constexpr int attempts = 32;
constexpr double reach = 5;  ///< deviations beyond which a kernel is 0

/// Adds a normal cut to the range of positions.
void add_kernel(std::vector<double>& sum, double weight, double middle, double deviation) {
  const auto last = static_cast<double>(sum.size()) - 1;
  const auto edge = [&](double at) { return normal_below((at - middle) / deviation); };
  const double whole = edge(last + 0.5) - edge(-0.5);
  const auto from = static_cast<std::size_t>(std::max(0.0, std::floor(middle - reach * deviation)));
  const auto to = static_cast<std::size_t>(std::min(last, std::ceil(middle + reach * deviation)));
  double below = edge(static_cast<double>(from) - 0.5);
  for (std::size_t a = from; a <= to; ++a) {
    const double above = edge(static_cast<double>(a) + 0.5);
    sum[a] += weight * (above - below) / whole;
    below = above;
  }
}

void add_ordinal(std::vector<double>& sum, std::span<const std::int32_t> taken, std::span<const double> weights) {
  const auto range = static_cast<double>(sum.size());
  const double middle = (range - 1) / 2;
  std::vector<double> centres{-0.5, middle, range - 0.5};
  centres.insert(centres.end(), taken.begin(), taken.end());
  std::sort(centres.begin(), centres.end());
  const double least = range / std::min(100.0, static_cast<double>(taken.size()) + 1);
  // Trials at one position share their kernel: the neighbours are those at other positions.
  std::vector<double> weight(sum.size());
  for (std::size_t i = 0; i < taken.size(); ++i) weight[static_cast<std::size_t>(taken[i])] += weights[i];
  for (std::size_t a = 0; a < weight.size(); ++a) {
    if (!(weight[a] > 0)) continue;
    const auto at = static_cast<double>(a);
    const auto [from, to] = std::equal_range(centres.begin(), centres.end(), at);
    add_kernel(sum, weight[a], at, std::clamp(std::max(at - *std::prev(from), *to - at), least, range));
  }
  add_kernel(sum, 1, middle, range);
}

}  // namespace

ParzenEstimator::ParzenEstimator(std::span<const std::int32_t> taken, std::span<const double> weights,
                                 std::size_t alternatives, bool ordinal)
    : probabilities_(alternatives) {
  if (ordinal) {
    add_ordinal(probabilities_, taken, weights);
  } else {
    for (double& p : probabilities_) p = 1 / static_cast<double>(alternatives);
    for (std::size_t i = 0; i < taken.size(); ++i) probabilities_[static_cast<std::size_t>(taken[i])] += weights[i];
  }
  const double sum = std::accumulate(probabilities_.begin(), probabilities_.end(), 0.0);
  for (double& p : probabilities_) p /= sum;
}

std::int32_t ParzenEstimator::draw(Random& random) const {
  double left = random.uniform();
  std::size_t at = 0;
  while (at + 1 < probabilities_.size() && left >= probabilities_[at]) left -= probabilities_[at++];
  return static_cast<std::int32_t>(at);
}

namespace {

std::vector<double> reference_for(const Costs& points) {
  std::vector<double> reference(points.objectives(), 0.0);
  for (std::size_t k = 0; k < reference.size(); ++k) {
    double least = 0, greatest = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      least = i == 0 ? points[i][k] : std::min(least, points[i][k]);
      greatest = i == 0 ? points[i][k] : std::max(greatest, points[i][k]);
    }
    // Where all are equal any distance will do.
    reference[k] = greatest + (greatest > least ? 0.1 * (greatest - least) : 1);
  }
  return reference;
}

/// What a point dominates and none of the others does.
double exclusive(std::span<const double> point, const Costs& others, std::span<const double> reference) {
  Costs shared(others.objectives());
  std::vector<double> corner(point.size());
  for (std::size_t i = 0; i < others.size(); ++i) {
    for (std::size_t k = 0; k < point.size(); ++k) corner[k] = std::max(point[k], others[i][k]);
    shared.add(corner);
  }
  double box = 1;
  for (std::size_t k = 0; k < point.size(); ++k) box *= reference[k] - point[k];
  return box - hypervolume(shared, reference);
}

}  // namespace

std::vector<std::size_t> best_by_hypervolume(const Costs& points, std::size_t count, std::span<const double> misses) {
  const std::vector<std::int32_t> layer = parted_by_miss(nondominated_layers(points), misses);
  std::vector<std::size_t> order(points.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return layer[a] < layer[b]; });
  if (order.size() > count) {
    // The layer that is cut: what each of its points adds only falls as others are taken, so a point is looked at
    // again only when it would be next (lazy greedy).
    const auto cut = layer[order[count]];
    const auto first = std::find_if(order.begin(), order.end(), [&](std::size_t i) { return layer[i] == cut; });
    std::vector<std::pair<double, std::size_t>> gains;
    Costs members(points.objectives()), taken(points.objectives());
    for (auto at = first; at != order.end() && layer[*at] == cut; ++at) members.add(points[*at]);
    const std::vector<double> reference = reference_for(members);
    for (auto at = first; at != order.end() && layer[*at] == cut; ++at)
      gains.emplace_back(exclusive(points[*at], taken, reference), *at);
    const auto less = [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first < b.first : a.second > b.second;
    };
    for (order.erase(first, order.end()); order.size() < count;) {
      for (;;) {
        const auto best = std::max_element(gains.begin(), gains.end(), less);
        const double now = exclusive(points[best->second], taken, reference);
        if (now >= best->first) {
          taken.add(points[best->second]);
          order.push_back(best->second);
          gains.erase(best);
          break;
        }
        best->first = now;
      }
    }
  }
  std::sort(order.begin(), order.end());
  return order;
}

MotpeOptions MotpeOptions::read(const Config& search) {
  MotpeOptions options;
  read_count(search, "start", options.start, 1, 100000);
  read_count(search, "candidates", options.candidates, 1, 10000);
  if (const auto good = search.find("good")) options.good = good->number(0.01, 0.9);
  return options;
}

namespace {

/// Points with their weights, one side of the split.
struct Side {
  std::vector<const Architecture*> points = {};
  std::vector<double> weights = {};

  void add(const Architecture& point, double weight) { points.push_back(&point), weights.push_back(weight); }

  ParzenEstimator estimator(const Decision& decision, std::size_t place) const {
    std::vector<std::int32_t> taken;
    std::vector<double> of_taken;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if ((*points[i])[place] < 0) continue;
      taken.push_back((*points[i])[place]);
      of_taken.push_back(weights[i]);
    }
    return {taken, of_taken, decision.labels.size(), decision.ordinal};
  }
};

class Motpe final : public ModelSearch {
 public:
  Motpe(const SearchProblem& problem, const MotpeOptions& options)
      : ModelSearch(problem, options.start), options_(options) {}

 protected:
  std::optional<Architecture> choose() override {
    Side good, others;
    split(good, others);
    std::vector<ParzenEstimator> likely, unlikely;
    const auto& decisions = problem_.space.decisions();
    for (std::size_t d = 0; d < decisions.size(); ++d) {
      likely.push_back(good.estimator(decisions[d], d));
      unlikely.push_back(others.estimator(decisions[d], d));
    }
    std::optional<Architecture> found;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      // Where the best of many was proposed before, fewer and fewer are compared, down to a plain draw.
      const std::size_t draws = std::max<std::size_t>(1, options_.candidates >> (attempt / 4));
      Architecture point = draw(likely, unlikely, draws);
      const bool available = points_.available(point);
      if (available || !found) found = point;
      if (available && keeps_cheap_limits(point)) break;
    }
    return found;
  }

 private:
  void split(Side& good, Side& others) const;
  bool keeps_cheap_limits(const Architecture& point) const;

  Architecture draw(const std::vector<ParzenEstimator>& likely, const std::vector<ParzenEstimator>& unlikely,
                    std::size_t draws) {
    Architecture point;
    for (std::size_t d = 0; d < likely.size(); ++d) {
      const auto ratio = [&](std::int32_t a) {
        const auto at = static_cast<std::size_t>(a);
        return likely[d].probabilities()[at] / std::max(unlikely[d].probabilities()[at], 1e-300);
      };
      std::int32_t best = likely[d].draw(random_);
      for (std::size_t i = 1; i < draws; ++i)
        if (const std::int32_t other = likely[d].draw(random_); ratio(other) > ratio(best)) best = other;
      point.push_back(best);
    }
    return problem_.space.canonical(std::move(point));
  }

  MotpeOptions options_;
};

void Motpe::split(Side& good, Side& others) const {
  const auto told = history_.told();
  const std::vector<Individual> all = history_.ranked(history_.scales());
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < told.size(); ++i)
    if (!told[i].repeat) order.push_back(i);
  const auto count =
      std::min(most_good, static_cast<std::size_t>(std::ceil(options_.good * static_cast<double>(order.size()))));
  std::vector<std::size_t> keeping;
  std::vector<double> misses, of_best;
  Costs points(problem_.criteria.size());
  for (const std::size_t i : order)
    if (told[i].violation == 0) keeping.push_back(i), points.add(all[i].costs), misses.push_back(all[i].miss);
  std::vector<bool> is_good(told.size());
  Costs best(problem_.criteria.size());
  for (const std::size_t i : best_by_hypervolume(points, count, misses))
    is_good[keeping[i]] = true, best.add(points[i]), of_best.push_back(misses[i]);
  std::vector<double> gains = hypervolume_contributions(best, reference_for(best));
  for (std::size_t i = 0; i < gains.size(); ++i) gains[i] *= share_left(of_best[i]);
  const double greatest = gains.empty() ? 0 : *std::max_element(gains.begin(), gains.end());
  std::size_t next = 0;
  for (const std::size_t i : order)
    if (is_good[i]) good.add(told[i].architecture, greatest > 0 ? std::max(1e-12, gains[next++] / greatest) : 1);
  // Too few keep the limits: those that miss them by least help out, with failures never among them.
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return all[a].layer < all[b].layer; });
  for (const std::size_t i : order) {
    if (good.points.size() >= count) break;
    if (is_good[i] || !std::isfinite(told[i].violation)) continue;
    is_good[i] = true;
    good.add(told[i].architecture, 1);
  }
  std::sort(order.begin(), order.end(), std::greater<>{});
  for (const std::size_t i : order)
    if (!is_good[i] && others.points.size() < most_others) others.add(told[i].architecture, 1);
  for (const Architecture& waiting : history_.pending()) others.add(waiting, 1);
}

bool Motpe::keeps_cheap_limits(const Architecture& point) const {
  if (!problem_.cheap) return true;
  const auto values = problem_.cheap(point);
  if (!values) return false;
  for (std::size_t k = 0; k < values->size(); ++k)
    if ((*values)[k] && !keeps_limit(problem_.criteria[k], *(*values)[k])) return false;
  return true;
}

}  // namespace

std::unique_ptr<Searcher> make_motpe(const SearchProblem& problem, const MotpeOptions& options) {
  return std::make_unique<Motpe>(problem, options);
}

}  // namespace paretoforge
