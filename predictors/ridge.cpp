// Cost as a non-negative sum over kernels, fitted to relative errors.
#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "configs/table.hpp"
#include "predictors/features.hpp"
#include "predictors/models_internal.hpp"

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

std::unique_ptr<Ridge> Ridge::fit(const Samples& samples) {
  auto model = std::make_unique<Ridge>();
  model->columns_ = useful_columns(samples, std::min(additive_features(), samples.columns));
  const auto n = static_cast<Eigen::Index>(samples.rows());
  const auto d = static_cast<Eigen::Index>(model->columns_.size()) + 1;
  Eigen::MatrixXd a(n, d);  // divided by the target: what is left of 1 is the relative error
  for (Eigen::Index i = 0; i < n; ++i) {
    const auto row = samples.row(static_cast<std::size_t>(i));
    const double target = samples.targets[static_cast<std::size_t>(i)];
    a(i, 0) = 1 / target;
    for (Eigen::Index j = 1; j < d; ++j) a(i, j) = row[model->columns_[static_cast<std::size_t>(j - 1)]] / target;
  }
  const Eigen::VectorXd scale = (a.colwise().squaredNorm() / static_cast<double>(n)).cwiseSqrt().transpose();
  a = a * scale.cwiseInverse().asDiagonal();
  Eigen::VectorXd b = Eigen::VectorXd::Constant(d, 1.0 / static_cast<double>(d));
  Eigen::VectorXd weights = Eigen::VectorXd::Ones(n), residuals;
  for (int round = 0; round < reweightings; ++round) {
    solve_non_negative(a, weights, b);
    residuals = a * b - Eigen::VectorXd::Ones(n);
    model->deviation_ = std::max(1e-6, robust_deviation({residuals.begin(), residuals.end()}));
    const double corner = huber_corner * model->deviation_;
    weights = residuals.unaryExpr([&](double r) { return std::abs(r) <= corner ? 1.0 : corner / std::abs(r); });
  }
  b = b.cwiseQuotient(scale);
  model->coefficients_.assign(b.begin(), b.end());
  model->least_ = 0.1 * *std::min_element(samples.targets.begin(), samples.targets.end());
  return model;
}

FittedModel Ridge::fit_held_out(const Samples& samples, std::uint64_t seed) {
  return {fit(samples), held_out(samples, seed, [](const Samples& part, std::uint64_t) { return fit(part); })};
}

LogEstimate Ridge::estimate(std::span<const double> features) const {
  double sum = coefficients_[0];
  for (std::size_t j = 0; j < columns_.size(); ++j) sum += coefficients_[j + 1] * features[columns_[j]];
  return {std::log(std::max(sum, least_)), deviation_};
}

Config Ridge::write() const {
  return Config::make_map({{"columns", columns_scalar(columns_)},
                           {"coefficients", numbers_scalar(coefficients_)},
                           {"least", Config::make_scalar(number_text(least_))},
                           {"deviation", Config::make_scalar(number_text(deviation_))}});
}

std::unique_ptr<CostModel> Ridge::read(const Config& document) {
  document.allow({"columns", "coefficients", "least", "deviation"});
  auto model = std::make_unique<Ridge>();
  model->columns_ = read_columns(document, "columns");
  model->coefficients_ = read_numbers(document, "coefficients", model->columns_.size() + 1);
  model->least_ = document.at("least").number(0, 1e300);
  model->deviation_ = document.at("deviation").number(0, 1e300);
  if (model->least_ <= 0) document.at("least").fail("'least' must be above 0");
  return model;
}

}  // namespace paretoforge
