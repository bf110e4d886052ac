// Readings of several rungs made one, and how much of the full budget they are found to show.
#include "catch.hpp"
#include "search/cost_scale.hpp"
#include "search/reading_model_internal.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

const std::vector<KernelBlock> blocks{{0, 2}};

Encoded random_rows(std::size_t count, Random& random) {
  Encoded points;
  for (std::size_t i = 0; i < count; ++i) points.add(std::vector<double>{random.uniform(), random.uniform()});
  return points;
}

double smooth(std::span<const double> row) { return std::sin(5 * row[0]) + row[1] * row[1]; }

std::vector<ReadingRow> read(const Encoded& points, const std::vector<double>& costs) {
  std::vector<ReadingRow> readings;
  for (std::size_t i = 0; i < costs.size(); ++i) readings.push_back({points.row(i), {costs[i]}});
  return readings;
}

/// The likeness found where so many readings are what they are, and ten full budgets are smooth.
double likeness(const std::vector<double>& costs, const Encoded& points, const Encoded& full_points) {
  ReadingModel model;
  model.learn(read(points, costs), blocks);
  REQUIRE(model.ready());
  Eigen::VectorXd y(static_cast<Eigen::Index>(full_points.rows()));
  for (std::size_t i = 0; i < full_points.rows(); ++i) y[static_cast<Eigen::Index>(i)] = smooth(full_points.row(i));
  const KernelHyper full = tuned(squared_distances(full_points, full_points, blocks), y, KernelHyper(1));
  return model.kin(full_points, y, full, blocks).second.likeness;
}

}  // namespace

TEST_CASE("readings that show the full budget are found to, and readings of something else are not") {
  Random random(1);
  const Encoded points = random_rows(40, random), full_points = random_rows(12, random);
  std::vector<double> same, other;
  for (std::size_t i = 0; i < points.rows(); ++i) {
    same.push_back(smooth(points.row(i)));
    other.push_back(std::cos(9 * points.row(i)[1] - 4 * points.row(i)[0]));
  }
  CHECK(likeness(same, points, full_points) >= 0.75);
  CHECK(likeness(other, points, full_points) <= 0.2);
}

TEST_CASE("few values lean on the distances that many readings show") {
  Random random(4);
  const Encoded points = random_rows(60, random), few = random_rows(6, random), elsewhere = random_rows(50, random);
  std::vector<double> costs;
  for (std::size_t i = 0; i < points.rows(); ++i) costs.push_back(10 + 3 * smooth(points.row(i)));
  ReadingModel model;
  model.learn(read(points, costs), blocks);
  // Half of what readings show, and a step: neither is known beforehand.
  const auto full_value = [](std::span<const double> row) { return 0.5 * smooth(row) - 0.4; };
  Eigen::VectorXd y(6);
  for (Eigen::Index i = 0; i < 6; ++i) y[i] = full_value(few.row(static_cast<std::size_t>(i)));
  const KernelHyper own = tuned(squared_distances(few, few, blocks), y, KernelHyper(1));
  const auto [full, kin] = model.kin(few, y, own, blocks);
  const auto error = [&](const KernelHyper& hyper, const Encoded& rows, const Eigen::VectorXd& values, Kin of) {
    const Posterior posterior(hyper, BlockedRows(rows, blocks), values, 0, std::move(of));
    const Eigen::VectorXd means = posterior.predict(BlockedRows(elsewhere, blocks)).first;
    double sum = 0;
    for (Eigen::Index i = 0; i < means.size(); ++i)
      sum += std::abs(means[i] - full_value(elsewhere.row(static_cast<std::size_t>(i))));
    return sum / static_cast<double>(means.size());
  };
  Encoded all = model.rows();
  for (std::size_t i = 0; i < few.rows(); ++i) all.add(few.row(i));
  Eigen::VectorXd values(model.values().size() + 6);
  values << model.values(), y;
  CHECK(kin.likeness > 0.8);
  CHECK(error(full, all, values, kin) < 0.5 * error(own, few, y, {}));
}

TEST_CASE("the step from rung to rung is taken out, so that trials that went on are not thought better") {
  Random random(2);
  const Encoded points = random_rows(12, random);
  std::vector<ReadingRow> low, mixed;
  for (std::size_t i = 0; i < points.rows(); ++i) {
    const double cost = 1 + smooth(points.row(i));
    low.push_back({points.row(i), {cost}});
    mixed.push_back({points.row(i), {cost}});
    if (i % 2) mixed.back().costs.push_back(cost / 2);  // the next rung halves errors
  }
  ReadingModel one, both;
  one.learn(low, blocks);
  both.learn(mixed, blocks);
  // On a logarithmic scale halving is about a step: what goes on and what does not stay in their order.
  double went_on = 0, stayed = 0;
  for (Eigen::Index i = 0; i < 12; ++i) (i % 2 ? went_on : stayed) += both.values()[i] - one.values()[i];
  CHECK(std::abs(went_on - stayed) / 6 < 0.35);
}

TEST_CASE("too few readings, and equal ones") {
  Random random(3);
  const Encoded points = random_rows(6, random);
  ReadingModel model;
  model.learn(read(points, {1, 2, 3, 4}), blocks);
  CHECK_FALSE(model.ready());
  model.learn(read(points, {2, 2, 2, 2, 2, 2}), blocks);
  CHECK(model.ready());
  CHECK(model.values().norm() == 0);
  CHECK(std::isfinite(likeness({2, 2, 2, 2, 2, 2}, points, random_rows(5, random))));
}
