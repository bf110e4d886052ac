// Who lives in SMS-EMOA, AGE-MOEA-II and MOEA/D: contributions, curvature and scores, weights and neighbours.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "catch.hpp"
#include "individuals.hpp"
#include "search/agemoea2.hpp"
#include "search/hypervolume.hpp"
#include "search/moead.hpp"
#include "search/reference_points.hpp"
#include "search/smsemoa.hpp"

using namespace paretoforge;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Costs on_front(double curvature, std::size_t points) {
  Costs front(2);
  for (std::size_t i = 0; i < points; ++i) {
    const double x = static_cast<double>(i) / static_cast<double>(points - 1);
    front.add(std::vector<double>{x, std::pow(1 - std::pow(x, curvature), 1 / curvature)});
  }
  return front;
}

}  // namespace

TEST_CASE("SMS-EMOA removes what adds least to the hypervolume, and never an end of a plane's front") {
  std::vector<Individual> front{with_costs({0, 10}), with_costs({1, 9.9}), with_costs({5, 5}), with_costs({10, 0})};
  CHECK(least_contributor(front) == 1);
  std::vector<Individual> ends{with_costs({0, 1}), with_costs({1e-9, 1 - 1e-9}), with_costs({1, 0})};
  CHECK(least_contributor(ends) == 1);
  std::vector<Individual> layers{with_costs({3, 3}), with_costs({1, 1}), with_costs({2, 4})};
  CHECK(layers[least_contributor(layers)].layer == 1);  // the dominated ones, of which both are ends: the newest
  CHECK(least_contributor(layers) == 2);
  std::vector<Individual> violators{with_costs({1, 1}, 2), with_costs({9, 9}), with_costs({}, 3), with_costs({}, 3)};
  CHECK(least_contributor(violators) == 3);
  std::vector<Individual> equal(4, with_costs({7, 7, 7}));
  CHECK(least_contributor(equal) == 3);
  std::vector<Individual> huge{with_costs({-1e308, 1e308}), with_costs({0, 0.5e308}), with_costs({1e308, -1e308})};
  CHECK(least_contributor(huge) == 1);
}

TEST_CASE("SMS-EMOA's choice loses least of the hypervolume, whatever is removed instead") {
  Random random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Individual> front;
    for (int i = 0; i < 12; ++i) {  // on a plane, so that nothing is dominated; scaled so that ranges are known
      const double a = random.uniform(), b = random.uniform() * (1 - a);
      front.push_back(with_costs({a, b, 1 - a - b}));
    }
    front.push_back(with_costs({1, 0, 0}));
    front.push_back(with_costs({0, 1, 0}));
    front.push_back(with_costs({0, 0, 1}));
    const auto without = [&](std::size_t gone) {
      Costs points(3);
      for (std::size_t i = 0; i < front.size(); ++i)
        if (i != gone) points.add(front[i].costs);
      return hypervolume(points, std::vector<double>(3, 2.0));
    };
    const double kept = without(least_contributor(front));
    for (std::size_t i = 0; i < front.size(); ++i) REQUIRE(without(i) <= kept + 1e-12);
  }
}

TEST_CASE("the curvature of a front is found from a point on it") {
  for (const double p : {0.3, 0.5, 1.0, 2.0, 7.5}) {
    const double half = std::pow(0.5, 1 / p), third = std::pow(1.0 / 3, 1 / p);
    CHECK(front_curvature(std::vector<double>{half, half}) == Approx(p));
    CHECK(front_curvature(std::vector<double>{third, third, third}) == Approx(p));
    CHECK(front_curvature(std::vector<double>{0.8, std::pow(1 - std::pow(0.8, p), 1 / p)}) == Approx(p));
  }
  CHECK(front_curvature(std::vector<double>{0, 0}) == 1);
  CHECK(front_curvature(std::vector<double>{0.5, 0}) == 1);
  CHECK(front_curvature(std::vector<double>{1, 1e9}) == 1);
  CHECK(front_curvature(std::vector<double>{0.999, 0.999}) == Approx(20));
}

TEST_CASE("survival scores: extremes first, then who is far along the front from those that have theirs") {
  for (const double p : {0.5, 1.0, 2.0}) {
    // Of three close together the first chosen keeps the others' scores low.
    Costs front = on_front(p, 3);
    for (const double x : {0.49, 0.51}) front.add(std::vector<double>{x, std::pow(1 - std::pow(x, p), 1 / p)});
    const auto scores = survival_scores(front, std::vector<std::size_t>{2, 0}, p);
    CHECK(scores[0] == infinity);
    CHECK(scores[2] == infinity);
    std::vector<double> middle{scores[1], scores[3], scores[4]};
    std::sort(middle.begin(), middle.end());
    CHECK(middle[0] > 0);
    CHECK(middle[2] > 1.4 * middle[1]);
  }
  // On a plane the first score is the sum of the straight ways to both ends, over the distance to the ideal point: 1.
  const auto plane = survival_scores(on_front(1, 3), std::vector<std::size_t>{0, 2}, 1);
  CHECK(plane[1] == Approx(std::sqrt(2)));
  // On a circle the ways are chords over the point half-way along the arc.
  const auto circle = survival_scores(on_front(2, 3), std::vector<std::size_t>{0, 2}, 2);
  const double whole = std::acos(-1.0) / 2, angle = std::asin(0.5);
  const double expected = 4 * (std::sin((whole - angle) / 4) + std::sin(angle / 4));
  CHECK(circle[1] == Approx(expected));
}

TEST_CASE("survival scores stay finite and positive for points that are equal, on an axis or at the ideal point") {
  Costs points(3);
  for (int i = 0; i < 5; ++i) points.add(std::vector<double>{0, 0, 0});
  points.add(std::vector<double>{1e9, 0, 0});
  for (const double p : {0.1, 1.0, 20.0}) {
    const auto scores = survival_scores(points, std::vector<std::size_t>{0, 0, 0}, p);
    for (std::size_t i = 1; i < scores.size(); ++i) CHECK((scores[i] > 0 && std::isfinite(scores[i])));
  }
}

TEST_CASE("MOEA/D's neighbours are the nearest weights, itself first") {
  const Costs weights = das_dennis(2, 4);
  const auto near = nearest_weights(weights, 3);
  CHECK(near[0] == std::vector<std::size_t>{0, 1, 2});
  CHECK(near[2] == std::vector<std::size_t>{2, 1, 3});
  CHECK(near[4] == std::vector<std::size_t>{4, 3, 2});
  CHECK(nearest_weights(weights, 100)[1].size() == 5);
  CHECK(nearest_weights(das_dennis(1, 1), 20) == std::vector<std::vector<std::size_t>>{{0}});
}

TEST_CASE("Tchebycheff's value is the greatest weighted share of the range") {
  const std::vector<double> ideal{1, 10}, worst{3, 30}, weights{0.25, 0.75};
  CHECK(tchebycheff(std::vector<double>{3, 10}, weights, ideal, worst) == Approx(0.25));
  CHECK(tchebycheff(std::vector<double>{1, 30}, weights, ideal, worst) == Approx(0.75));
  CHECK(tchebycheff(std::vector<double>{2, 14}, weights, ideal, worst) == Approx(0.15));
  CHECK(tchebycheff(ideal, weights, ideal, worst) == 0);
  CHECK(tchebycheff(std::vector<double>{3, 10}, std::vector<double>{0, 1}, ideal, worst) == Approx(1e-6));
  CHECK(std::isfinite(tchebycheff(std::vector<double>{1e308, 5}, weights, std::vector<double>{-1e308, 5},
                                  std::vector<double>{1e308, 5})));
}
