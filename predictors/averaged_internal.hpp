// Bayesian linear regression under many priors, averaged by how well each tells the rows. Private to this folder.
#pragma once

#include <Eigen/Dense>
#include <vector>

#include "predictors/cost_model.hpp"

namespace paretoforge {

using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// One belief about y = X b + noise: b of the first inputs ~ N(mean, diag(variance)), of all others ~ N(0, feature).
struct Prior {
  Eigen::VectorXd mean, variance;  ///< of as many inputs as they are long
  double feature = 0;              ///< variance of each weight behind them
  double noise = 0.1;              ///< deviation of a row
  double log_odds = 0;             ///< logarithm of how likely this prior is, up to a constant
};

/// What all priors say together: first and second moments.
struct Averaged {
  Eigen::VectorXd weights;
  Eigen::MatrixXd covariance;  ///< of the weights
  double noise = 0;
  std::vector<LogEstimate> held_out;  ///< each row by the others
};

/// Rows of x tell y; a row that the others do not suggest counts for less. Priors that the rows speak against are
/// left out of the sums.
Averaged averaged_fit(const std::vector<Prior>& priors, const RowMatrix& x, const Eigen::VectorXd& y);

}  // namespace paretoforge
