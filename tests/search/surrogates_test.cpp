// Trees, forests, boosted trees and networks as surrogates: closed forms on few rows, gradients against differences,
// ugly values.
#include <cmath>

#include "catch.hpp"
#include "search/ensemble.hpp"
#include "search/neural_ensemble.hpp"
#include "search/tree_ensembles.hpp"

using namespace paretoforge;

namespace {

Encoded column(std::initializer_list<double> values) {
  Encoded points;
  for (const double value : values) points.add(std::vector{value});
  return points;
}

/// `count` rows of `columns` numbers in 0..1.
Encoded random_points(std::size_t count, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  Encoded points;
  std::vector<double> row(columns);
  for (std::size_t i = 0; i < count; ++i) {
    for (double& value : row) value = random.uniform();
    points.add(row);
  }
  return points;
}

std::vector<double> smooth(const Encoded& points) {
  std::vector<double> values;
  for (std::size_t i = 0; i < points.rows(); ++i) {
    const auto x = points.row(i);
    values.push_back(3 * x[0] - 2 * x[1] + x[0] * x[1]);
  }
  return values;
}

/// Squared error of the means, as a share of the variance.
double unexplained(const Surrogate& surrogate, const Encoded& points, std::span<const double> values) {
  const auto beliefs = surrogate.predict(points);
  double mean = 0, error = 0, variance = 0;
  for (const double value : values) mean += value / static_cast<double>(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    error += (beliefs[i].mean - values[i]) * (beliefs[i].mean - values[i]);
    variance += (values[i] - mean) * (values[i] - mean);
  }
  return error / variance;
}

const RandomForestOptions whole_tree{.trees = 1, .tree = {.least_leaf = 1, .column_share = 1}, .bootstrap = false};

}  // namespace

TEST_CASE("spread and agreement are mean and deviation, of numbers of any size") {
  const std::vector<double> four{1, 3, 5, 7};
  CHECK(Spread::of(four).mean == 4);
  CHECK(Spread::of(four).deviation == Approx(std::sqrt(5.0)));
  CHECK(agreement(four).deviation == Approx(std::sqrt(20.0 / 3)));
  CHECK(agreement(std::vector{2.5}).deviation == 0);
  const std::vector<double> huge{1e300, -1e300}, tiny{1e-300, 3e-300};
  CHECK(Spread::of(huge).deviation == Approx(1e300));
  CHECK(Spread::of(tiny).deviation == Approx(1e-300));
  CHECK(Spread::of(huge).away(huge) == std::vector<double>{1, -1});
}

TEST_CASE("a tree splits where the squared error falls most, and a leaf holds mean and variance") {
  const Encoded points = column({0, 1, 2, 10, 11, 12});
  const std::vector<double> values{1, 2, 3, 7, 8, 12};
  Random random(1);
  const RegressionTree stump(BinnedColumns(points), values, {0, 1, 2, 3, 4, 5},
                             {.depth = 1, .least_leaf = 1, .column_share = 1}, random);
  // By hand: left {1, 2, 3}, right {7, 8, 12}; the threshold is somewhere between 2 and 10.
  CHECK(stump.at(std::vector{2.0}).mean == Approx(2));
  CHECK(stump.at(std::vector{2.0}).variance == Approx(2.0 / 3));
  CHECK(stump.at(std::vector{10.0}).mean == Approx(9));
  CHECK(stump.at(std::vector{10.0}).variance == Approx(14.0 / 3));
}

TEST_CASE("a tree keeps the least size of its leaves, and rows may repeat") {
  const Encoded points = column({0, 1, 2, 3});
  const std::vector<double> values{0, 0, 0, 100};
  Random random(1);
  const RegressionTree tree(BinnedColumns(points), values, {0, 1, 2, 3}, {.least_leaf = 2, .column_share = 1}, random);
  CHECK(tree.at(std::vector{3.0}).mean == Approx(50));
  const RegressionTree weighed(BinnedColumns(points), values, {2, 3, 3, 3}, {.depth = 0}, random);
  CHECK(weighed.at(std::vector{0.0}).mean == Approx(75));
}

TEST_CASE("more than 64 values of a column share bins, and still tell low from high") {
  Encoded points;
  std::vector<double> values;
  for (int i = 0; i < 1001; ++i) {
    points.add(std::vector{i / 1000.0});
    values.push_back(i);
  }
  const BinnedColumns binned(points);
  CHECK(binned.bins(0).size() == 64);
  CHECK(binned.bins(0).front().least == 0);
  CHECK(binned.bins(0).back().greatest == 1);
  RandomForest forest(whole_tree);
  forest.fit(points, values, 1);
  CHECK(unexplained(forest, points, values) < 0.001);  // bins of 16 rows: 1 / 64² of the range squared
}

TEST_CASE("a forest's belief has the law of total variance: the trees' means and their leaves") {
  // One column with two values: every tree that sees both rows has one leaf each.
  const Encoded points = column({0, 0, 0, 1, 1, 1});
  const std::vector<double> values{1, 2, 3, 11, 12, 13};
  RandomForest forest(whole_tree);
  forest.fit(points, values, 1);
  const auto beliefs = forest.predict(column({0, 1}));
  CHECK(beliefs[0].mean == Approx(2));
  CHECK(beliefs[0].deviation == Approx(std::sqrt(2.0 / 3)));
  CHECK(beliefs[1].mean == Approx(12));
  // Trees on different samples disagree, which adds to the variance of their leaves.
  RandomForest several({.trees = 200, .tree = whole_tree.tree, .bootstrap = true});
  several.fit(points, values, 1);
  const auto doubtful = several.predict(column({0}));
  CHECK(doubtful[0].mean == Approx(2).margin(0.4));
  CHECK(doubtful[0].deviation > 0.6);
}

TEST_CASE("a network's gradient is the limit of differences") {
  Random random(5);
  const Encoded points = random_points(6, 3, 2);
  const std::vector<double> targets{0.5, -1, 2, 0.1, 0, 1};
  const std::vector<std::uint32_t> rows{0, 2, 5};
  Perceptron network({3, 5, 4}, random);
  std::vector<double> gradient, ignored;
  network.loss(points, targets, rows, gradient);
  REQUIRE(gradient.size() == 3 * 5 + 5 + 5 * 4 + 4 + 4 + 1);
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double at = network.parameters()[i], step = 1e-6;
    network.parameters()[i] = at + step;
    const double above = network.loss(points, targets, rows, ignored);
    network.parameters()[i] = at - step;
    const double below = network.loss(points, targets, rows, ignored);
    network.parameters()[i] = at;
    CHECK(gradient[i] == Approx((above - below) / (2 * step)).margin(1e-7));  // rounding of the difference
  }
}

TEST_CASE("a network without hidden layers is linear, and the loss half the mean squared error") {
  Random random(1);
  Perceptron network({2}, random);
  network.parameters()[0] = 2, network.parameters()[1] = -1, network.parameters()[2] = 0.5;
  Encoded points;
  points.add(std::vector{1.0, 3.0});
  points.add(std::vector{0.0, 1.0});
  CHECK(network.values(points) == std::vector<double>{-0.5, -0.5});
  std::vector<double> gradient;
  const std::vector<double> targets{0.5, -1.5};
  CHECK(network.loss(points, targets, std::vector<std::uint32_t>{0, 1}, gradient) == Approx(0.5));
  CHECK(gradient == std::vector<double>{-0.5, -1, 0});
}

TEST_CASE("every surrogate learns a smooth function, the same with the same seed, and outlives ugly values") {
  const Encoded points = random_points(120, 4, 7), fresh = random_points(60, 4, 8);
  const std::vector<double> values = smooth(points), truth = smooth(fresh);
  RandomForest forest;
  BoostedEnsemble boosted;
  NeuralEnsemble networks;
  for (Surrogate* surrogate :
       {static_cast<Surrogate*>(&forest), static_cast<Surrogate*>(&boosted), static_cast<Surrogate*>(&networks)}) {
    surrogate->fit(points, values, 3);
    CHECK(unexplained(*surrogate, fresh, truth) < 0.15);
    const auto before = surrogate->predict(fresh);
    surrogate->fit(points, values, 3);
    const auto again = surrogate->predict(fresh);
    for (std::size_t i = 0; i < before.size(); ++i) {
      CHECK(before[i].mean == again[i].mean);
      CHECK(before[i].deviation == again[i].deviation);
    }
    for (const std::vector<double>& ugly :
         {std::vector{1e300, -1e300, 1e-300}, std::vector{1e-300, 2e-300, 3e-300}, std::vector{4.0, 4.0, 4.0}}) {
      const Encoded three = random_points(3, 4, 1);
      surrogate->fit(three, ugly, 1);
      for (const Belief& belief : surrogate->predict(fresh)) {
        CHECK(std::isfinite(belief.mean));
        CHECK(belief.deviation >= 0);
        if (ugly[0] == 4) CHECK(belief.mean == 4);
      }
    }
    surrogate->fit(random_points(1, 4, 1), std::vector{2.0}, 1);
    CHECK(surrogate->predict(fresh)[0].mean == 2);
  }
}
