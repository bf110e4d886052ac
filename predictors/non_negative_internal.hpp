// Least squares with coefficients that cannot be negative, robust to wild rows. Private to this folder.
#pragma once

#include <Eigen/Dense>

namespace paretoforge {

struct NonNegativeFit {
  Eigen::VectorXd coefficients;
  double deviation = 1;  ///< of what is left, whatever the outliers
};

/// |A b - 1| with b >= 0, a small quadratic penalty on columns scaled to a mean square of 1, and Huber weights (Huber
/// 1964); rows of A are divided by the target, so that what is left of 1 is the relative error.
NonNegativeFit fit_non_negative(Eigen::MatrixXd a);

}  // namespace paretoforge
