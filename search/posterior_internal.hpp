// What a Gaussian process believes of a fixed set of points while rows are added one at a time. Private to search.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "search/kernel_internal.hpp"

namespace paretoforge {

/// The Cholesky factor of the rows' covariance grows by one row an ask, and the beliefs of the watched points follow
/// at the cost of one pass over them. Doubt does not depend on values, so a row is added as soon as its point is
/// proposed, and stands for the mean believed there (the kriging believer of Ginsbourger, Le Riche and Carraro,
/// "Kriging is well-suited to parallelize optimization", 2010) until its value is known.
class Posterior {
 public:
  /// Rows with their standardised values; `room` rows can be added.
  Posterior(KernelHyper hyper, const BlockedRows& rows, const Eigen::VectorXd& y, Eigen::Index room);

  /// Means and variances (noise left out) of any points.
  std::pair<Eigen::VectorXd, Eigen::VectorXd> predict(const BlockedRows& points) const;

  /// Follows these points from now on. Only before rows are added.
  void watch(const BlockedRows& points);
  /// Adds watched point `index` as a row whose value is not known yet. False where there is no more room.
  bool add(Eigen::Index index);
  /// The value of the earliest row that has none; nothing: there will be none, what was believed stands.
  void resolve(std::optional<double> y);

  const Eigen::VectorXd& means() const { return means_; }          ///< of the watched points
  const Eigen::VectorXd& variances() const { return variances_; }  ///< noise left out
  double noise() const { return std::exp(2 * hyper_.noise); }      ///< variance

 private:
  using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  KernelHyper hyper_;
  BlockedRows rows_, watched_;
  Eigen::MatrixXd lower_;            ///< factor of the first rows' covariance
  RowMatrix added_;                  ///< factor's further rows
  Eigen::VectorXd whitened_;         ///< factor^-1 y, of the rows with values
  RowMatrix explained_;              ///< factor^-1 covariances with the watched points, row by row
  std::vector<Eigen::Index> index_;  ///< of the rows added, among the watched
  Eigen::Index resolved_ = 0;
  Eigen::VectorXd means_, variances_;
};

}  // namespace paretoforge
