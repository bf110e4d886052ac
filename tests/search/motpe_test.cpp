// Parzen estimators in closed form, and the split into good and others.
#include "search/motpe.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>

#include "catch.hpp"
#include "search/hypervolume.hpp"

using namespace paretoforge;

namespace {

double below(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }

/// The share of a normal about `middle`, cut to 0..levels, that lies at each level.
std::vector<double> cut_normal(double middle, double deviation, int levels) {
  std::vector<double> result;
  const auto edge = [&](double at) { return below((at - middle) / deviation); };
  for (int a = 0; a < levels; ++a)
    result.push_back((edge(a + 0.5) - edge(a - 0.5)) / (edge(levels - 0.5) - edge(-0.5)));
  return result;
}

}  // namespace

TEST_CASE("a categorical estimator counts weights, with one more spread over all alternatives") {
  const ParzenEstimator estimator(std::vector<std::int32_t>{2, 0, 2}, std::vector{1.0, 0.5, 0.25}, 4, false);
  const std::vector<double> expected{0.75 / 2.75, 0.25 / 2.75, 1.5 / 2.75, 0.25 / 2.75};
  for (std::size_t a = 0; a < 4; ++a) CHECK(estimator.probabilities()[a] == Approx(expected[a]));
  const ParzenEstimator nothing({}, {}, 5, false);
  for (const double p : nothing.probabilities()) CHECK(p == Approx(0.2));
}

TEST_CASE("an ordinal estimator is a mixture of cut normals with the neighbours' distances as deviations") {
  // Levels 0 .. 9, the range -0.5 .. 9.5, the prior at 4.5 with deviation 10. Trials at 1 and 2: 1 is 1.5 from the end
  // and 1 from its neighbour, 2 is 1 from its neighbour and 2.5 from the prior; at least 10 / 3.
  const ParzenEstimator estimator(std::vector<std::int32_t>{1, 2}, std::vector{1.0, 0.5}, 10, true);
  const auto prior = cut_normal(4.5, 10, 10), one = cut_normal(1, 10. / 3, 10), two = cut_normal(2, 10. / 3, 10);
  for (std::size_t a = 0; a < 10; ++a)
    CHECK(estimator.probabilities()[a] == Approx((prior[a] + one[a] + 0.5 * two[a]) / 2.5).epsilon(1e-6));
  // A trial alone at the low end: 5 to the prior.
  const ParzenEstimator alone(std::vector<std::int32_t>{0}, std::vector{1.0}, 10, true);
  const auto wide = cut_normal(0, 5, 10);
  for (std::size_t a = 0; a < 10; ++a)
    CHECK(alone.probabilities()[a] == Approx((prior[a] + wide[a]) / 2).epsilon(1e-6));
}

TEST_CASE("probabilities sum to 1 and are drawn as often as they say") {
  const ParzenEstimator estimator(std::vector<std::int32_t>{5, 5, 900}, std::vector{1.0, 1.0, 1.0}, 1001, true);
  const auto& p = estimator.probabilities();
  CHECK(std::accumulate(p.begin(), p.end(), 0.0) == Approx(1));
  CHECK(*std::min_element(p.begin(), p.end()) > 0);
  const ParzenEstimator three(std::vector<std::int32_t>{1, 1, 1}, std::vector{1.0, 1.0, 1.0}, 3, false);
  Random random(3);
  std::map<std::int32_t, double> drawn;
  for (int i = 0; i < 10000; ++i) drawn[three.draw(random)] += 1e-4;
  for (std::int32_t a = 0; a < 3; ++a)
    CHECK(drawn[a] == Approx(three.probabilities()[static_cast<std::size_t>(a)]).margin(0.02));  // 5 deviations
}

TEST_CASE("the best by hypervolume are whole layers, then the greedy choice of the next") {
  Costs points(2);
  for (const auto& row : std::vector<std::vector<double>>{{9, 9}, {0, 10}, {10, 0}, {5, 4}, {4, 6}, {6, 9.5}})
    points.add(row);
  CHECK(best_by_hypervolume(points, 0).empty());
  CHECK(best_by_hypervolume(points, 1) ==
        std::vector<std::size_t>{3});  // 36 below (11, 11): the most of the first layer
  CHECK(best_by_hypervolume(points, 4) == std::vector<std::size_t>{1, 2, 3, 4});
  CHECK(best_by_hypervolume(points, 5).size() == 5);
  CHECK(best_by_hypervolume(points, 99) == std::vector<std::size_t>{0, 1, 2, 3, 4, 5});
}

TEST_CASE("the lazy greedy choice is the greedy choice") {
  Random random(8);
  for (int round = 0; round < 10; ++round) {
    Costs points(3);
    for (int i = 0; i < 25; ++i) points.add(std::vector{random.uniform(), random.uniform(), random.uniform()});
    const auto layers = nondominated_layers(points);
    Costs first(3);
    std::vector<std::size_t> place;
    std::vector<double> reference(3, 0.0), least(3, 1.0);
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (layers[i] != 0) continue;
      first.add(points[i]);
      place.push_back(i);
      for (std::size_t k = 0; k < 3; ++k) {
        reference[k] = std::max(reference[k], points[i][k]);
        least[k] = std::min(least[k], points[i][k]);
      }
    }
    for (std::size_t k = 0; k < 3; ++k) reference[k] += 0.1 * (reference[k] - least[k]);
    const std::size_t count = first.size() / 2;
    std::vector<std::size_t> expected;
    Costs taken(3);
    for (std::size_t step = 0; step < count; ++step) {
      double best = -1;
      std::size_t chosen = 0;
      for (std::size_t i = 0; i < first.size(); ++i) {
        if (std::find(expected.begin(), expected.end(), place[i]) != expected.end()) continue;
        Costs with = taken;
        with.add(first[i]);
        if (const double volume = hypervolume(with, reference); volume > best) best = volume, chosen = i;
      }
      expected.push_back(place[chosen]);
      taken.add(first[chosen]);
    }
    std::sort(expected.begin(), expected.end());
    CHECK(best_by_hypervolume(points, count) == expected);
  }
}
