// Non-negative least squares by coordinate descent, reweighted against wild rows.
#include <algorithm>
#include <cmath>

#include "predictors/models_internal.hpp"
#include "predictors/non_negative_internal.hpp"

namespace paretoforge {
namespace {

constexpr double penalty = 1e-5;      ///< on squared coefficients, columns scaled to a mean square of 1
constexpr double huber_corner = 1.5;  ///< deviations beyond which a row's pull no longer grows
constexpr int reweightings = 6;
constexpr int most_sweeps = 400;

/// Least squares |A b - 1| with weights, a penalty and b >= 0, from the start given; by coordinate descent.
void solve_non_negative(const Eigen::MatrixXd& a, const Eigen::VectorXd& weights, Eigen::VectorXd& b) {
  const double n = weights.sum();
  Eigen::MatrixXd gram = a.transpose() * weights.asDiagonal() * a / n;
  const Eigen::VectorXd target = a.transpose() * weights / n;
  gram.diagonal().array() += penalty;
  Eigen::VectorXd gradient = gram * b - target;
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    double moved = 0;
    for (Eigen::Index j = 0; j < b.size(); ++j) {
      const double next = std::max(0.0, b[j] - gradient[j] / gram(j, j));
      const double change = next - b[j];
      if (change == 0) continue;
      gradient += change * gram.col(j);
      b[j] = next;
      moved = std::max(moved, std::abs(change));
    }
    if (moved < 1e-7) return;
  }
}

}  // namespace

NonNegativeFit fit_non_negative(Eigen::MatrixXd a) {
  const Eigen::Index n = a.rows(), d = a.cols();
  Eigen::VectorXd scale = (a.colwise().squaredNorm() / static_cast<double>(n)).cwiseSqrt().transpose();
  scale = (scale.array() > 0).select(scale, 1.0);  // a column of zeros stays one
  a = a * scale.cwiseInverse().asDiagonal();
  NonNegativeFit fit{Eigen::VectorXd::Constant(d, 1.0 / static_cast<double>(d)), 1};
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(n), residuals;
  for (int round = 0; round < reweightings; ++round) {
    solve_non_negative(a, weights, fit.coefficients);
    residuals = a * fit.coefficients - Eigen::VectorXd::Ones(n);
    fit.deviation = std::max(1e-6, robust_deviation({residuals.begin(), residuals.end()}));
    const double corner = huber_corner * fit.deviation;
    weights = residuals.unaryExpr([&](double r) { return std::abs(r) <= corner ? 1.0 : corner / std::abs(r); });
  }
  fit.coefficients = fit.coefficients.cwiseQuotient(scale);
  return fit;
}

}  // namespace paretoforge
