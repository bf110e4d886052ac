// Growing a factor row by row, and beliefs with it.
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "search/posterior_internal.hpp"

namespace paretoforge {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

Posterior::Posterior(KernelHyper hyper, const BlockedRows& rows, const VectorXd& y, Index room)
    : hyper_(std::move(hyper)), rows_(rows), added_(room, 0) {
  MatrixXd k = covariances(squared_distances(rows_, rows_), hyper_);
  k.diagonal().array() += noise() + kernel_jitter * hyper_.variance();
  lower_ = k.llt().matrixL();
  whitened_ = lower_.triangularView<Eigen::Lower>().solve(y);
}

std::pair<VectorXd, VectorXd> Posterior::predict(const BlockedRows& points) const {
  MatrixXd explained = covariances(squared_distances(rows_, points), hyper_);
  lower_.triangularView<Eigen::Lower>().solveInPlace(explained);
  VectorXd means = explained.transpose() * whitened_;
  VectorXd variances = hyper_.variance() - explained.colwise().squaredNorm().transpose().array();
  return {std::move(means), variances.cwiseMax(0)};
}

void Posterior::watch(const BlockedRows& points) {
  watched_ = points;
  const Index n = lower_.rows(), room = added_.rows();
  explained_.resize(n + room, points.rows());
  MatrixXd first = covariances(squared_distances(rows_, points), hyper_);
  lower_.triangularView<Eigen::Lower>().solveInPlace(first);
  explained_.topRows(n) = first;
  means_ = first.transpose() * whitened_;
  variances_ = (hyper_.variance() - first.colwise().squaredNorm().transpose().array()).max(0);
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
  VectorXd k = VectorXd::Zero(watched_.rows());
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
