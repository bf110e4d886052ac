// Ranges, extreme points, the hyperplane.
#include "search/normalisation.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <cmath>

namespace paretoforge {

namespace {

constexpr double farthest = 1e9;
constexpr double other_weight = 1e-6;     // of the achievement function
constexpr double least_intercept = 1e-6;  // of the range: below it the hyperplane says nothing about the axis

/// How far a scaled point is from lying on an axis.
double off_axis(std::span<const double> point, std::size_t axis, Normalisation::Extremes kind) {
  double greatest = 0, squares = 0;
  for (std::size_t k = 0; k < point.size(); ++k) {
    if (k == axis) continue;
    greatest = std::max(greatest, point[k]);
    squares += point[k] * point[k];
  }
  return kind == Normalisation::Extremes::corners ? squares : std::max(greatest / other_weight, point[axis]);
}

/// Where the hyperplane through these points cuts the axes; all 1 where there is none.
std::vector<double> intercepts_through(const Costs& points, std::span<const std::size_t> rows) {
  const auto n = static_cast<Eigen::Index>(rows.size());
  Eigen::MatrixXd matrix(n, n);
  for (Eigen::Index i = 0; i < n; ++i)
    for (Eigen::Index k = 0; k < n; ++k)
      matrix(i, k) = points[rows[static_cast<std::size_t>(i)]][static_cast<std::size_t>(k)];
  const Eigen::FullPivLU<Eigen::MatrixXd> factors(matrix);
  std::vector<double> intercepts(rows.size(), 1.0);
  if (!factors.isInvertible()) return intercepts;
  const Eigen::VectorXd inverse = factors.solve(Eigen::VectorXd::Ones(n));
  for (Eigen::Index k = 0; k < n; ++k) {
    const double intercept = 1 / inverse(k);
    if (!(intercept >= least_intercept && intercept <= farthest)) return std::vector<double>(rows.size(), 1.0);
    intercepts[static_cast<std::size_t>(k)] = intercept;
  }
  return intercepts;
}

}  // namespace

std::vector<double> least_costs(const Costs& points) {
  std::vector<double> least(points[0].begin(), points[0].end());
  for (std::size_t i = 1; i < points.size(); ++i)
    for (std::size_t k = 0; k < least.size(); ++k) least[k] = std::min(least[k], points[i][k]);
  return least;
}

Normalisation::Normalisation(const Costs& front, std::span<const double> ideal, Extremes extremes)
    : ideal_(ideal.begin(), ideal.end()), half_range_(ideal.size(), 0.0), intercepts_(ideal.size(), 1.0) {
  for (std::size_t i = 0; i < front.size(); ++i)
    for (std::size_t k = 0; k < ideal_.size(); ++k)
      half_range_[k] = std::max(half_range_[k], front[i][k] / 2 - ideal_[k] / 2);
  Costs scaled(ideal_.size());
  for (std::size_t i = 0; i < front.size(); ++i) scaled.add((*this)(front[i]));
  for (std::size_t axis = 0; axis < ideal_.size(); ++axis) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < scaled.size(); ++i)
      if (off_axis(scaled[i], axis, extremes) < off_axis(scaled[best], axis, extremes)) best = i;
    extremes_.push_back(best);
  }
  intercepts_ = intercepts_through(scaled, extremes_);
}

std::vector<double> Normalisation::operator()(std::span<const double> costs) const {
  std::vector<double> point(costs.size());
  for (std::size_t k = 0; k < point.size(); ++k) {
    const double above = costs[k] / 2 - ideal_[k] / 2;
    if (above <= 0) continue;
    const double scaled = half_range_[k] > 0 ? above / half_range_[k] : farthest;
    point[k] = std::min(scaled / intercepts_[k], farthest);
  }
  return point;
}

}  // namespace paretoforge
