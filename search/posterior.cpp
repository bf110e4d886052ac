// Growing a factor row by row, and beliefs with it.
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "search/posterior_internal.hpp"

namespace paretoforge {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd covariances(const Distances& distances, const KernelHyper& hyper, const Kin& kin, Index columns) {
  if (kin.rows == 0) return covariances(distances, hyper);
  MatrixXd sum = MatrixXd::Zero(distances[0].rows(), distances[0].cols());
  const Index rows = sum.rows() - kin.rows, others = sum.cols() - columns;
  for (std::size_t b = 0; b < distances.size(); ++b) {
    const MatrixXd shape = block_covariance(distances[b], 0, hyper.length[b]);
    const double own = std::exp(hyper.amplitude[b]), akin = std::exp(kin.hyper.amplitude[b]);
    sum.topLeftCorner(kin.rows, columns) += akin * akin * shape.topLeftCorner(kin.rows, columns);
    sum.topRightCorner(kin.rows, others) += kin.likeness * akin * own * shape.topRightCorner(kin.rows, others);
    sum.bottomLeftCorner(rows, columns) += kin.likeness * akin * own * shape.bottomLeftCorner(rows, columns);
    sum.bottomRightCorner(rows, others) += own * own * shape.bottomRightCorner(rows, others);
  }
  sum.bottomRightCorner(rows, others).array() += kin.offset;
  return sum;
}

VectorXd noise_of(const KernelHyper& hyper, const Kin& kin, Index rows) {
  VectorXd noise(rows);
  noise.head(kin.rows).setConstant(std::exp(2 * kin.hyper.noise) + kernel_jitter * kin.hyper.variance());
  noise.tail(rows - kin.rows).setConstant(std::exp(2 * hyper.noise) + kernel_jitter * hyper.variance());
  return noise;
}

Posterior::Posterior(KernelHyper hyper, const BlockedRows& rows, const VectorXd& y, Index room, Kin kin)
    : hyper_(std::move(hyper)), kin_(std::move(kin)), rows_(rows), added_(room, 0) {
  MatrixXd k = covariances(squared_distances(rows_, rows_), hyper_, kin_, kin_.rows);
  k.diagonal() += noise_of(hyper_, kin_, k.rows());
  lower_ = k.llt().matrixL();
  whitened_ = lower_.triangularView<Eigen::Lower>().solve(y);
}

/// factor^-1 covariances with the points, the first of which are read as kin.
MatrixXd Posterior::explained(const BlockedRows& points, Index kin_columns) const {
  MatrixXd result = covariances(squared_distances(rows_, points), hyper_, kin_, kin_columns);
  lower_.triangularView<Eigen::Lower>().solveInPlace(result);
  return result;
}

std::pair<VectorXd, VectorXd> Posterior::predict(const BlockedRows& points) const {
  const MatrixXd first = explained(points, 0);
  VectorXd means = first.transpose() * whitened_;
  VectorXd variances = hyper_.variance() + kin_.offset - first.colwise().squaredNorm().transpose().array();
  return {std::move(means), variances.cwiseMax(0)};
}

void Posterior::watch(const BlockedRows& points) {
  watched_ = points;
  const Index n = lower_.rows(), room = added_.rows();
  explained_.resize(n + room, points.rows());
  const MatrixXd first = explained(points, 0);
  explained_.topRows(n) = first;
  means_ = first.transpose() * whitened_;
  variances_ = (hyper_.variance() + kin_.offset - first.colwise().squaredNorm().transpose().array()).max(0);
  if (kin_.rows > 0) {
    const MatrixXd akin = explained(points, points.rows());
    double common = 0;
    for (std::size_t b = 0; b < hyper_.amplitude.size(); ++b)
      common += kin_.likeness * std::exp(hyper_.amplitude[b] + kin_.hyper.amplitude[b]);
    const Eigen::ArrayXd shared = common - first.cwiseProduct(akin).colwise().sum().transpose().array();
    const Eigen::ArrayXd doubt = kin_.hyper.variance() - akin.colwise().squaredNorm().transpose().array();
    moves_ = (shared.abs() / (doubt.max(0) + std::exp(2 * kin_.hyper.noise)).sqrt()).matrix();
  }
  added_ = RowMatrix::Zero(room, n + room);
  whitened_.conservativeResize(n + room);
  index_.clear();
  resolved_ = 0;
}

bool Posterior::add(Index index) {
  const Index n = lower_.rows() + static_cast<Index>(index_.size());
  if (n >= explained_.rows()) return false;
  // The new row of the factor is what the earlier rows explain of the point, which is already known.
  const auto row = static_cast<Index>(index_.size());
  added_.row(row).head(n) = explained_.col(index).head(n).transpose();
  const double pivot = std::sqrt(variances_[index] + noise() + kernel_jitter * hyper_.variance());
  added_(row, n) = pivot;
  VectorXd k = VectorXd::Constant(watched_.rows(), kin_.offset);
  for (std::size_t b = 0; b < watched_.blocks(); ++b) {
    const VectorXd product = watched_.part(b) * watched_.part(b).row(index).transpose();
    const VectorXd squared =
        (watched_.squares(b).array() + watched_.squares(b)[index] - 2 * product.array()).max(0).matrix();
    k += block_covariance(squared, hyper_.amplitude[b], hyper_.length[b]);
  }
  k -= explained_.topRows(n).transpose() * explained_.col(index).head(n);
  explained_.row(n) = k.transpose() / pivot;
  variances_ = (variances_ - explained_.row(n).transpose().cwiseAbs2()).cwiseMax(0);
  index_.push_back(index);
  return true;
}

void Posterior::resolve(std::optional<double> y) {
  const Index n = lower_.rows() + resolved_;
  const double believed = added_.row(resolved_).head(n).dot(whitened_.head(n));
  whitened_[n] = y ? (*y - believed) / added_(resolved_, n) : 0;
  means_ += whitened_[n] * explained_.row(n).transpose();
  ++resolved_;
}

}  // namespace paretoforge
