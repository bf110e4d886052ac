// The covariance of search's Gaussian processes, its evidence and how its hyperparameters are found. Private to search.
#pragma once

#include <Eigen/Core>
#include <span>
#include <vector>

#include "search/gaussian_process.hpp"
#include "search/surrogate.hpp"

namespace paretoforge {

/// Rows cut into the blocks of a kernel, with what distances need of them computed once.
class BlockedRows {
 public:
  BlockedRows() = default;
  BlockedRows(const Encoded& points, std::span<const KernelBlock> blocks);
  Eigen::Index rows() const { return parts_.empty() ? 0 : parts_[0].rows(); }
  std::size_t blocks() const { return parts_.size(); }
  const Eigen::MatrixXd& part(std::size_t block) const { return parts_[block]; }
  const Eigen::VectorXd& squares(std::size_t block) const { return squares_[block]; }

 private:
  std::vector<Eigen::MatrixXd> parts_;    ///< rows × columns, divided by the root of the number of columns
  std::vector<Eigen::VectorXd> squares_;  ///< squared length of each row
};

/// Squared distances between rows, one matrix per block of columns.
using Distances = std::vector<Eigen::MatrixXd>;

/// Of the rows of `a` from those of `b`, one matrix (rows of a × rows of b) per block; each distance divided by the
/// number of columns in the block, so that one length scale serves narrow and wide encodings.
Distances squared_distances(const BlockedRows& a, const BlockedRows& b);
Distances squared_distances(const Encoded& a, const Encoded& b, std::span<const KernelBlock> blocks);

/// A sum over blocks of amplitude² Matérn-5/2 (Rasmussen and Williams, "Gaussian Processes for Machine Learning",
/// 2006, equation 4.17), all numbers natural logarithms.
struct KernelHyper {
  std::vector<double> amplitude, length;  ///< one per block
  double noise = -2;                      ///< deviation of a measurement

  explicit KernelHyper(std::size_t blocks) : amplitude(blocks, 0.0), length(blocks, 0.0) {}
  double variance() const;  ///< of the value at any point, noise left out
};

/// One block's covariance of squared distances; where `slope` is given also its derivative by the logarithm of the
/// length.
Eigen::MatrixXd block_covariance(const Eigen::MatrixXd& squared, double amplitude, double length,
                                 Eigen::MatrixXd* slope = nullptr);
/// The covariance matrix of two sets of rows, noise left out.
Eigen::MatrixXd covariances(const Distances& distances, const KernelHyper& hyper);

/// The logarithm of the marginal likelihood of y (up to a constant) plus that of the hyperparameters' priors:
/// normal around amplitude 1 in all, length 1, noise 0.1, in units of a standardised y. -1e300 where the covariance is
/// no covariance in floating point. The gradient has the order amplitudes, lengths, noise.
double evidence(const Distances& distances, const Eigen::VectorXd& y, const KernelHyper& hyper,
                Eigen::VectorXd* gradient = nullptr);

/// Climbs the evidence from `start` by resilient steps (iRprop-, Igel and Hüsken, "Empirical evaluation of the
/// improved Rprop learning algorithms", 2003): signs of slopes only, so no scaling of y or distances upsets it.
/// Returns the best point met.
KernelHyper tuned(const Distances& distances, const Eigen::VectorXd& y, const KernelHyper& start, int steps = 40);

/// What is added to the diagonal beside the noise, relative to the variance.
inline constexpr double kernel_jitter = 1e-8;

/// Values as a model sees them: about standard normal, whatever their size; far outliers drawn in to ±`most`
/// deviations so that they do not hide what the others say.
class Standardised {
 public:
  explicit Standardised(std::span<const double> values, double most = 6);
  double operator()(double value) const;
  double value(double standard) const;      ///< back in the value's own unit; finite
  double deviation(double standard) const;  ///< a deviation back in the value's unit; finite

 private:
  double unit_ = 1;  ///< the largest size among the values: dividing by it keeps sums finite
  double centre_ = 0, scale_ = 0, most_;
};

}  // namespace paretoforge
