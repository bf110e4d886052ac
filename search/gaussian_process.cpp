// A Gaussian process behind the interface of surrogates: which rows, which hyperparameters, beliefs in the value's
// unit.
#include "search/gaussian_process.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/kernel_internal.hpp"
#include "space/random.hpp"

namespace paretoforge {

struct GaussianProcess::Fitted {
  Encoded points;
  std::vector<KernelBlock> blocks;
  Standardised scale;
  KernelHyper hyper;
  Eigen::MatrixXd lower = {};  ///< the Cholesky factor of the rows' covariance
  Eigen::VectorXd alpha = {};
};

namespace {

/// At most `count` of the rows, in their order.
std::vector<std::size_t> chosen_rows(std::size_t rows, std::size_t count, std::uint64_t seed) {
  std::vector<std::size_t> chosen(rows);
  std::iota(chosen.begin(), chosen.end(), std::size_t{0});
  if (rows <= count) return chosen;
  Random(seed).shuffle(chosen);
  chosen.resize(count);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

Encoded rows_of(const Encoded& points, std::span<const std::size_t> rows) {
  Encoded part;
  part.columns = points.columns;
  for (const std::size_t row : rows) part.add(points.row(row));
  return part;
}

Eigen::VectorXd standardised(const Standardised& scale, std::span<const double> values,
                             std::span<const std::size_t> rows) {
  Eigen::VectorXd y(static_cast<Eigen::Index>(rows.size()));
  for (std::size_t i = 0; i < rows.size(); ++i) y[static_cast<Eigen::Index>(i)] = scale(values[rows[i]]);
  return y;
}

}  // namespace

GaussianProcess::GaussianProcess(GaussianProcessOptions options) : options_(std::move(options)) {}
GaussianProcess::~GaussianProcess() = default;

void GaussianProcess::fit(const Encoded& points, std::span<const double> values, std::uint64_t seed) {
  auto blocks = options_.blocks;
  if (blocks.empty()) blocks.push_back({0, points.columns});
  KernelHyper hyper = fitted_ ? fitted_->hyper : KernelHyper(blocks.size());
  const Standardised scale(values);
  if (!keep_ || !fitted_) {
    const auto rows = chosen_rows(points.rows(), options_.most_tuning, derived_seed(seed, 0));
    const Encoded part = rows_of(points, rows);
    hyper = tuned(squared_distances(part, part, blocks), standardised(scale, values, rows), KernelHyper(blocks.size()));
  }
  const auto rows = chosen_rows(points.rows(), options_.most_rows, derived_seed(seed, 1));
  fitted_ = std::make_unique<Fitted>(Fitted{rows_of(points, rows), std::move(blocks), scale, std::move(hyper)});
  Eigen::MatrixXd k = covariances(squared_distances(fitted_->points, fitted_->points, fitted_->blocks), fitted_->hyper);
  k.diagonal().array() += std::exp(2 * fitted_->hyper.noise) + kernel_jitter * fitted_->hyper.variance();
  const Eigen::LLT<Eigen::MatrixXd> factor(k);
  fitted_->lower = factor.matrixL();
  fitted_->alpha = factor.solve(standardised(scale, values, rows));
}

std::vector<Belief> GaussianProcess::predict(const Encoded& points) const {
  const Eigen::MatrixXd cross =
      covariances(squared_distances(fitted_->points, points, fitted_->blocks), fitted_->hyper);
  const Eigen::VectorXd means = cross.transpose() * fitted_->alpha;
  const Eigen::MatrixXd explained = fitted_->lower.triangularView<Eigen::Lower>().solve(cross);
  const double noise = std::exp(2 * fitted_->hyper.noise), variance = fitted_->hyper.variance();
  std::vector<Belief> beliefs(points.rows());
  for (std::size_t i = 0; i < beliefs.size(); ++i) {
    const auto column = static_cast<Eigen::Index>(i);
    const double left = std::max(0.0, variance - explained.col(column).squaredNorm());
    beliefs[i] = {fitted_->scale.value(means[column]), fitted_->scale.deviation(std::sqrt(left + noise))};
  }
  return beliefs;
}

}  // namespace paretoforge
