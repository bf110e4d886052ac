// Averaged regressions: against the textbook's formulas, and each row left out against fits without it.
#include "predictors/averaged_internal.hpp"

#include <cmath>

#include "catch.hpp"
#include "space/random.hpp"

using namespace paretoforge;

namespace {

constexpr Eigen::Index inputs = 8, head = 3;

/// So close to a line that no row is called wild: then every row counts for one.
struct Line {
  RowMatrix x;
  Eigen::VectorXd y;
};

Line line_of(Eigen::Index rows) {
  Random random(7);
  Line line{RowMatrix(rows, inputs), Eigen::VectorXd(rows)};
  for (Eigen::Index i = 0; i < rows; ++i) {
    for (Eigen::Index j = 0; j < inputs; ++j) line.x(i, j) = random.normal();
    line.y[i] = 0.02 * line.x(i, 0) - 0.01 * line.x(i, 5) + 0.004 * random.normal();
  }
  return line;
}

Line without(const Line& line, Eigen::Index row) {
  Line rest{RowMatrix(line.x.rows() - 1, inputs), Eigen::VectorXd(line.y.size() - 1)};
  for (Eigen::Index i = 0, at = 0; i < line.y.size(); ++i) {
    if (i == row) continue;
    rest.x.row(at) = line.x.row(i);
    rest.y[at++] = line.y[i];
  }
  return rest;
}

Prior prior(double scale, double noise) {
  return {Eigen::VectorXd::Unit(head, 0) * scale, Eigen::VectorXd::Constant(head, scale * scale), 1e-4, noise, 0};
}

/// Bishop 2006, equations 3.50 and 3.51.
Averaged by_the_book(const Prior& p, const Line& line) {
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(inputs), variance = Eigen::VectorXd::Constant(inputs, p.feature);
  mean.head(head) = p.mean;
  variance.head(head) = p.variance;
  const double beta = 1 / (p.noise * p.noise);
  Eigen::MatrixXd precision = beta * line.x.transpose() * line.x;
  precision.diagonal() += variance.cwiseInverse();
  const Eigen::MatrixXd covariance = precision.inverse();
  return {covariance * (mean.cwiseQuotient(variance) + beta * line.x.transpose() * line.y), covariance, p.noise, {}};
}

/// log N(y; X mean, X variance X' + noise), equation 2.115, up to a constant.
double evidence_by_the_book(const Prior& p, const Line& line) {
  Eigen::VectorXd variance = Eigen::VectorXd::Constant(inputs, p.feature);
  variance.head(head) = p.variance;
  Eigen::MatrixXd k = line.x * variance.asDiagonal() * line.x.transpose();
  k.diagonal().array() += p.noise * p.noise;
  const Eigen::VectorXd y = line.y - line.x.leftCols(head) * p.mean;
  return -0.5 * (y.dot(k.inverse() * y) + std::log(k.determinant()));
}

}  // namespace

TEST_CASE("One prior: weights and covariance are the textbook's, with fewer rows than inputs and with more") {
  for (const Eigen::Index rows : {5, 20}) {
    const Line line = line_of(rows);
    const Prior p = prior(0.02, 0.006);
    const Averaged ours = averaged_fit({p}, line.x, line.y), book = by_the_book(p, line);
    CHECK((ours.weights - book.weights).cwiseAbs().maxCoeff() < 1e-9);
    CHECK((ours.covariance - book.covariance).cwiseAbs().maxCoeff() < 1e-9);
  }
}

TEST_CASE("Two priors are weighed by odds and evidence") {
  for (const Eigen::Index rows : {5, 20}) {
    const Line line = line_of(rows);
    std::vector<Prior> priors{prior(0.02, 0.006), prior(0.01, 0.008)};
    priors[1].log_odds = std::log(0.5);
    const double first = std::exp(evidence_by_the_book(priors[0], line)),
                 second = 0.5 * std::exp(evidence_by_the_book(priors[1], line)), share = first / (first + second);
    INFO("share of the first " << share);
    REQUIRE((share > 0.01 && share < 0.99));
    const Eigen::VectorXd book =
        share * by_the_book(priors[0], line).weights + (1 - share) * by_the_book(priors[1], line).weights;
    CHECK((averaged_fit(priors, line.x, line.y).weights - book).cwiseAbs().maxCoeff() < 1e-9);
  }
}

TEST_CASE("What is said of a row by the others is what a fit without it says") {
  for (const Eigen::Index rows : {6, 20}) {
    const Line line = line_of(rows);
    const std::vector<Prior> priors{prior(0.02, 0.006), prior(0.01, 0.008)};
    const Averaged all = averaged_fit(priors, line.x, line.y);
    for (const Eigen::Index row : {Eigen::Index{0}, rows - 1}) {
      const Line rest = without(line, row);
      const Averaged again = averaged_fit(priors, rest.x, rest.y);
      const LogEstimate& said = all.held_out[static_cast<std::size_t>(row)];
      const Eigen::VectorXd x = line.x.row(row).transpose();
      CHECK(said.mean == Approx(again.weights.dot(x)).margin(1e-9));
      CHECK(said.deviation == Approx(std::sqrt(x.dot(again.covariance * x) + again.noise * again.noise)).margin(1e-9));
    }
  }
}

TEST_CASE("A row far from what the others suggest hardly counts, however far") {
  Line line = line_of(20);
  const std::vector<Prior> priors{prior(0.02, 0.006), prior(0.02, 0.06), prior(0.02, 0.6)};
  const Eigen::VectorXd before = averaged_fit(priors, line.x, line.y).weights;
  for (const double wild : {1.0, 1000.0}) {
    line.y[3] = wild;
    CHECK((averaged_fit(priors, line.x, line.y).weights - before).cwiseAbs().maxCoeff() < 0.02);
  }
}
