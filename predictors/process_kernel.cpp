#include "predictors/process_kernel_internal.hpp"

#include <cmath>

#include "predictors/features.hpp"

namespace paretoforge::process {
namespace {

Eigen::MatrixXd squared_distances(const Matrix& a, const Matrix& b, const Eigen::MatrixXd& products) {
  const Vector left = a.rowwise().squaredNorm(), right = b.rowwise().squaredNorm();
  return ((-2 * products).colwise() + left).rowwise() + right.transpose();
}

/// Matern-5/2 of squared distances that are scaled already, all entries at once.
template <class Squared>
Eigen::ArrayXXd matern(const Squared& squared) {
  const Eigen::ArrayXXd distance = squared.sqrt();
  return (1 + distance + distance.square() / 3) * (-distance).exp();
}

}  // namespace

Rows Scaling::operator()(std::span<const double> features, double base) const {
  const auto width = static_cast<Eigen::Index>(columns.size());
  Rows row{Matrix(1, width), Vector(1), Matrix()};
  for (Eigen::Index c = 0; c < width; ++c)
    row.features(0, c) = (std::log1p(features[columns[static_cast<std::size_t>(c)]]) - mean[c]) / scale[c];
  row.base[0] = (base - mean[width]) / scale[width];
  const std::size_t graph = feature_list().size();
  if (encoding > 0 && features.size() == graph + encoding)
    row.decisions =
        decision_scale * Eigen::Map<const Matrix>(features.data() + graph, 1, static_cast<Eigen::Index>(encoding));
  return row;
}

Relations relate(const Rows& a, const Rows& b) {
  Relations r;
  const double share = 1 / std::max(1.0, static_cast<double>(a.features.cols()));
  r.product = a.features * b.features.transpose();
  r.features = (share * squared_distances(a.features, b.features, r.product)).cwiseMax(0);
  r.product = share * r.product + a.base * b.base.transpose();
  r.base = (a.base.replicate(1, b.base.size()).rowwise() - b.base.transpose()).cwiseAbs2();
  if (a.decisions.cols() > 0 && b.decisions.cols() > 0)
    r.decisions = squared_distances(a.decisions, b.decisions, a.decisions * b.decisions.transpose()).cwiseMax(0);
  return r;
}

Covariance::Covariance(const Hyper& h)
    : features_(5 * std::exp(-2 * h.length)),
      base_(5 * std::exp(-2 * h.base_length)),
      signal_(std::exp(2 * h.signal)),
      linear_(std::exp(2 * h.linear)),
      decisions_(std::exp(2 * h.decisions)),
      decision_distance_(5 * std::exp(-2 * h.decision_length)) {}

Eigen::MatrixXd Covariance::operator()(const Relations& r) const {
  Eigen::ArrayXXd sum = signal_ * matern(features_ * r.features.array() + base_ * r.base.array());
  sum += linear_ * r.product.array();
  if (r.decisions.size() > 0) sum += decisions_ * matern(decision_distance_ * r.decisions.array());
  return sum.matrix();
}

double Covariance::self(const Rows& row, bool has_decisions) const {
  const double share = 1 / std::max(1.0, static_cast<double>(row.features.cols()));
  return signal_ + linear_ * (share * row.features.squaredNorm() + row.base.squaredNorm()) +
         (has_decisions ? decisions_ : 0);
}

}  // namespace paretoforge::process
