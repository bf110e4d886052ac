// Gaussian processes: closed forms of two rows, the evidence's gradient against differences, ugly values.
#include "search/gaussian_process.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "search/kernel_internal.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

Encoded rows(std::initializer_list<std::vector<double>> all) {
  Encoded points;
  for (const auto& row : all) points.add(row);
  return points;
}

Encoded random_rows(std::size_t count, std::size_t columns, std::uint64_t seed) {
  Random random(seed);
  Encoded points;
  std::vector<double> row(columns);
  for (std::size_t i = 0; i < count; ++i) {
    for (double& value : row) value = random.uniform();
    points.add(row);
  }
  return points;
}

double matern(double distance, double length) {
  const double r = std::sqrt(5.0) * distance / length;
  return (1 + r + r * r / 3) * std::exp(-r);
}

const std::vector<KernelBlock> two_blocks{{0, 2}, {2, 3}};

}  // namespace

TEST_CASE("the covariance is a sum over blocks of Matérn-5/2, distances averaged over a block's columns") {
  const Encoded points = rows({{0, 0, 1}, {3, 4, 3}});
  KernelHyper hyper(2);
  hyper.amplitude = {std::log(2.0), std::log(0.5)};
  hyper.length = {std::log(3.0), std::log(0.7)};
  const auto k = covariances(squared_distances(points, points, two_blocks), hyper);
  CHECK(k(0, 0) == Approx(4.25));
  CHECK(k(0, 1) == Approx(4 * matern(5 / std::sqrt(2.0), 3) + 0.25 * matern(2, 0.7)));
  CHECK(hyper.variance() == Approx(4.25));
}

TEST_CASE("the evidence of two values is that of a bivariate normal") {
  const Encoded points = rows({{0.0}, {1.0}});
  const std::vector<KernelBlock> one{{0, 1}};
  KernelHyper hyper(1);
  hyper.noise = -2.3;  // at the centre of its prior, like the others: no prior is felt
  const Eigen::Vector2d y(0.3, -0.8);
  const double off = matern(1, 1), on = 1 + std::exp(-4.6) + kernel_jitter, determinant = on * on - off * off;
  const double quadratic = (on * (y[0] * y[0] + y[1] * y[1]) - 2 * off * y[0] * y[1]) / determinant;
  CHECK(evidence(squared_distances(points, points, one), y, hyper) ==
        Approx(-0.5 * quadratic - 0.5 * std::log(determinant)).epsilon(1e-10));
}

TEST_CASE("the evidence's gradient is that of finite differences") {
  const Encoded points = random_rows(12, 3, 4);
  const Distances distances = squared_distances(points, points, two_blocks);
  Random random(5);
  Eigen::VectorXd y(12);
  for (auto& value : y) value = random.normal();
  KernelHyper hyper(2);
  hyper.amplitude = {0.3, -0.6};
  hyper.length = {-0.8, 0.4};
  hyper.noise = -1.1;
  Eigen::VectorXd gradient;
  evidence(distances, y, hyper, &gradient);
  const std::vector<double*> numbers{&hyper.amplitude[0], &hyper.amplitude[1], &hyper.length[0], &hyper.length[1],
                                     &hyper.noise};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double at = *numbers[i], step = 1e-5;
    *numbers[i] = at + step;
    const double above = evidence(distances, y, hyper);
    *numbers[i] = at - step;
    const double below = evidence(distances, y, hyper);
    *numbers[i] = at;
    CHECK(gradient[static_cast<Eigen::Index>(i)] == Approx((above - below) / (2 * step)).epsilon(1e-5));
  }
  CHECK(evidence(distances, y, tuned(distances, y, hyper)) >= evidence(distances, y, hyper));
}

TEST_CASE("beliefs of two rows are those of conditioning a trivariate normal by hand") {
  // The hyperparameters are tuned as the process does; the rest is by hand.
  GaussianProcess process;
  const Encoded points = rows({{0.0}, {1.0}}), asked = rows({{0.0}, {0.5}, {40.0}});
  const std::vector<double> values{1.0, 2.0};
  process.fit(points, values, 1);
  const Standardised scale(values);
  Eigen::Vector2d y(scale(1.0), scale(2.0));
  const std::vector<KernelBlock> one{{0, 1}};
  const auto within = squared_distances(points, points, one);
  const KernelHyper hyper = tuned(within, y, KernelHyper(1));
  const double variance = hyper.variance(), noise = std::exp(2 * hyper.noise);
  const double on = variance * (1 + kernel_jitter) + noise, off = variance * matern(1, std::exp(hyper.length[0]));
  const double determinant = on * on - off * off;
  const auto beliefs = process.predict(asked);
  for (std::size_t i = 0; i < 3; ++i) {
    const double x = asked.row(i)[0], length = std::exp(hyper.length[0]);
    const double a = variance * matern(std::abs(x), length), b = variance * matern(std::abs(x - 1), length);
    const double wa = (on * a - off * b) / determinant, wb = (on * b - off * a) / determinant;
    CHECK(beliefs[i].mean == Approx(scale.value(wa * y[0] + wb * y[1])).epsilon(1e-9));
    CHECK(beliefs[i].deviation == Approx(scale.deviation(std::sqrt(variance - wa * a - wb * b + noise))).epsilon(1e-6));
  }
}

TEST_CASE("a smooth function is learnt: interpolation beats the mean by far, doubt grows away from the rows") {
  const Encoded points = random_rows(60, 2, 8), asked = random_rows(40, 2, 9);
  const auto function = [](std::span<const double> x) { return std::sin(3 * x[0]) + x[1] * x[1]; };
  std::vector<double> values;
  for (std::size_t i = 0; i < points.rows(); ++i) values.push_back(function(points.row(i)));
  GaussianProcess process;
  process.fit(points, values, 3);
  const auto beliefs = process.predict(asked);
  for (std::size_t i = 0; i < asked.rows(); ++i) CHECK(beliefs[i].mean == Approx(function(asked.row(i))).margin(0.08));
  const auto far = process.predict(rows({{0.5, 0.5}, {9, 9}}));
  CHECK(far[1].deviation > 5 * far[0].deviation);
  GaussianProcess same;
  same.fit(points, values, 3);
  CHECK(same.predict(asked)[7].mean == beliefs[7].mean);
}

TEST_CASE("a Gaussian process takes values of any size, constants, one row, equal rows and outliers") {
  const Encoded points = random_rows(30, 3, 2);
  for (const double size : {1e-300, 1.0, 1e300}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < points.rows(); ++i) values.push_back(size * (1 + points.row(i)[0]));
    values[5] = size * 1e5;
    GaussianProcess process;
    process.fit(points, values, 1);
    for (std::size_t i = 0; i < 5; ++i) {
      // The outlier's neighbours feel it, but not by more than the range of all others.
      CHECK(process.predict(points)[i].mean / size == Approx(values[i] / size).margin(1));
      CHECK(std::isfinite(process.predict(points)[i].deviation));
    }
  }
  GaussianProcess process;
  process.fit(points, std::vector<double>(30, -7.0), 1);
  CHECK(process.predict(points)[3].mean == -7.0);
  CHECK(process.predict(points)[3].deviation == 0.0);
  process.fit(rows({{1.0}}), std::vector<double>{3.0}, 1);
  CHECK(process.predict(rows({{2.0}}))[0].mean == 3.0);
  process.fit(rows({{1.0}, {1.0}, {1.0}, {1.0}}), std::vector<double>{1, 2, 3, 4}, 1);
  CHECK(process.predict(rows({{1.0}}))[0].mean == Approx(2.5).margin(0.7));
  std::vector<double> huge{std::numeric_limits<double>::max(), -std::numeric_limits<double>::max(), 1e-300};
  process.fit(rows({{1.0}, {2.0}, {3.0}}), huge, 1);
  for (const Belief& belief : process.predict(rows({{1.0}, {2.5}}))) {
    CHECK(std::isfinite(belief.mean));
    CHECK(std::isfinite(belief.deviation));
  }
}
