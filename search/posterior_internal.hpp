// What a Gaussian process believes of a fixed set of points while rows are added one at a time. Private to search.
#pragma once

#include <Eigen/Core>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "search/kernel_internal.hpp"

namespace paretoforge {

/// Rows that hold another value, akin to the one that is modelled: readings at a low budget. Both have a kernel of the
/// same form with lengths in common and amplitudes of their own, and what they have in common is the same share of each
/// block (the intrinsic coregionalisation of Goovaerts, "Geostatistics for natural resources evaluation", 1997; as a
/// multi-task model Bonilla, Chai and Williams, "Multi-task Gaussian process prediction", 2008).
struct Kin {
  Eigen::Index rows = 0;  ///< how many; they stand first
  KernelHyper hyper{0};   ///< its amplitudes and noise count
  double likeness = 0;    ///< correlation of the two values at one point, noise left out
  /// Variance of a constant that all other values share. Both kinds are standardised, each by what was measured of it,
  /// and the few that were measured of the dear one are the better ones of the cheap one.
  double offset = 0;
};

/// Covariances where the first `columns` of the second set are kin, too (0: none). Without kin as `covariances`.
Eigen::MatrixXd covariances(const Distances& distances, const KernelHyper& hyper, const Kin& kin, Eigen::Index columns);
/// Variance of each of so many rows' noise, and what is added against rounding.
Eigen::VectorXd noise_of(const KernelHyper& hyper, const Kin& kin, Eigen::Index rows);

/// The Cholesky factor of the rows' covariance grows by one row an ask, and the beliefs of the watched points follow
/// at the cost of one pass over them. Doubt does not depend on values, so a row is added as soon as its point is
/// proposed, and stands for the mean believed there (the kriging believer of Ginsbourger, Le Riche and Carraro,
/// "Kriging is well-suited to parallelize optimization", 2010) until its value is known.
class Posterior {
 public:
  /// Rows with their standardised values, those of kin first; `room` rows can be added.
  Posterior(KernelHyper hyper, const BlockedRows& rows, const Eigen::VectorXd& y, Eigen::Index room, Kin kin = {});

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
  /// By how much (a standard deviation) the mean of a watched point is expected to move once its kin is read there;
  /// empty without kin.
  const Eigen::VectorXd& moves() const { return moves_; }

 private:
  using RowMatrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  Eigen::MatrixXd explained(const BlockedRows& points, Eigen::Index kin_columns) const;

  KernelHyper hyper_;
  Kin kin_;
  BlockedRows rows_, watched_;
  Eigen::MatrixXd lower_;            ///< factor of the first rows' covariance
  RowMatrix added_;                  ///< factor's further rows
  Eigen::VectorXd whitened_;         ///< factor^-1 y, of the rows with values
  RowMatrix explained_;              ///< factor^-1 covariances with the watched points, row by row
  std::vector<Eigen::Index> index_;  ///< of the rows added, among the watched
  Eigen::Index resolved_ = 0;
  Eigen::VectorXd means_, variances_, moves_;
};

}  // namespace paretoforge
