// Curvature, distances along the front, survival.
#include "search/agemoea2.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/normalisation.hpp"

namespace paretoforge {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double least_distance = 1e-8;  // nothing is nearer: scores stay finite and positive

double power_sum(std::span<const double> point, double p) {
  double sum = 0;
  for (const double v : point)
    if (v > 0) sum += std::pow(v, p);
  return sum;
}

double norm(std::span<const double> point, double p) { return std::pow(power_sum(point, p), 1 / p); }

/// The point moved along its ray onto the front of that curvature.
std::vector<double> projected(std::span<const double> point, double p) {
  const double length = std::max(norm(point, p), least_distance);
  std::vector<double> moved(point.begin(), point.end());
  for (double& v : moved) v /= length;
  return moved;
}

double straight(std::span<const double> a, std::span<const double> b) {
  double squares = 0;
  for (std::size_t k = 0; k < a.size(); ++k) squares += (a[k] - b[k]) * (a[k] - b[k]);
  return std::sqrt(squares);
}

/// Between two points on the front, by way of the point of the front between them.
double along_front(std::span<const double> a, std::span<const double> b, double p, std::vector<double>& middle) {
  if (p == 1) return straight(a, b);
  middle.resize(a.size());
  for (std::size_t k = 0; k < a.size(); ++k) middle[k] = (a[k] + b[k]) / 2;
  const double length = std::max(norm(middle, p), least_distance);
  for (double& v : middle) v /= length;
  return straight(a, middle) + straight(middle, b);
}

/// The point nearest to the diagonal, leaving out the extremes where there are others.
std::size_t central(const Costs& points, std::span<const std::size_t> extremes) {
  std::size_t best = 0;
  double least = infinity;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (std::find(extremes.begin(), extremes.end(), i) != extremes.end()) continue;
    double sum = 0, squares = 0;
    for (const double v : points[i]) {
      sum += v;
      squares += v * v;
    }
    const double off = squares - sum * sum / static_cast<double>(points.objectives());
    if (off >= least) continue;
    least = off;
    best = i;
  }
  return best;
}

/// The two nearest of those that have their score.
struct Nearest {
  double first = infinity, second = infinity;
  void see(double distance) {
    if (distance < first) std::swap(distance, first);
    second = std::min(second, distance);
  }
  double sum() const { return second == infinity ? first : first + second; }
};

}  // namespace

double front_curvature(std::span<const double> point) {
  const bool inside = std::all_of(point.begin(), point.end(), [](double v) { return v < 1; });
  if (!inside || std::count_if(point.begin(), point.end(), [](double v) { return v > 0; }) < 2) return 1;
  // The sum of powers falls as p grows, so where it is 1 is found by halving (the paper takes Newton's steps).
  double low = 0.1, high = 20;
  for (int i = 0; i < 50; ++i) {
    const double middle = (low + high) / 2;
    (power_sum(point, middle) > 1 ? low : high) = middle;
  }
  return (low + high) / 2;
}

std::vector<double> survival_scores(const Costs& normalised, std::span<const std::size_t> extremes, double curvature) {
  const std::size_t count = normalised.size();
  const double p = std::abs(curvature - 1) < 0.05 ? 1 : curvature;
  Costs front(normalised.objectives());
  std::vector<double> proximity, score(count, -1), middle;
  for (std::size_t i = 0; i < count; ++i) {
    front.add(projected(normalised[i], p));
    proximity.push_back(std::max(norm(normalised[i], p), least_distance));
  }
  std::vector<Nearest> nearest(count);
  const auto take = [&](std::size_t taken, double its_score) {
    score[taken] = its_score;
    for (std::size_t i = 0; i < count; ++i)
      if (score[i] < 0) nearest[i].see(std::max(along_front(front[i], front[taken], p, middle), least_distance));
  };
  for (const std::size_t extreme : extremes)
    if (score[extreme] < 0) take(extreme, infinity);
  const auto present = [&](std::size_t i) { return nearest[i].sum() / proximity[i]; };
  for (;;) {
    std::size_t best = count;
    for (std::size_t i = 0; i < count; ++i)
      if (score[i] < 0 && (best == count || present(i) > present(best))) best = i;
    if (best == count) return score;
    take(best, present(best));
  }
}

std::vector<Individual> AgeMoea2::survivors(std::vector<Individual> individuals, std::size_t count) {
  const Layers layers = assign_layers(individuals);
  for (Individual& one : individuals) one.crowding = 0;
  if (individuals[layers[0][0]].violation == 0) {
    const Costs front = costs_of(individuals, layers[0]);
    const Normalisation normalise(front, least_costs(front), Normalisation::Extremes::corners);
    Costs normalised(front.objectives());
    for (std::size_t i = 0; i < front.size(); ++i) normalised.add(normalise(front[i]));
    const double p = front_curvature(normalised[central(normalised, normalise.extremes())]);
    const std::vector<double> scores = survival_scores(normalised, normalise.extremes(), p);
    for (std::size_t i = 0; i < scores.size(); ++i) individuals[layers[0][i]].crowding = scores[i];
    for (Individual& one : individuals)
      if (one.layer > 0 && one.violation == 0)
        one.crowding = 1 / std::max(norm(normalise(one.costs), p), least_distance);
  }
  std::stable_sort(individuals.begin(), individuals.end(), fitter);
  if (individuals.size() > count) individuals.resize(count);
  return individuals;
}

}  // namespace paretoforge
