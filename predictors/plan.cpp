// Sequential D-optimal design on known devices' predictions and features of the graph.
#include "predictors/plan.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "predictors/models_internal.hpp"

namespace paretoforge {
namespace {

// The middle of the grids of fit_transfer; the scale of the sources' logarithms has no say in the order.
constexpr double source_variance = 1, feature_variance = 0.1, intercept_variance = 25, noise = 0.4;

/// Candidates, then measured rows, each as a vector whose products are covariances before anything is known.
Eigen::MatrixXd embedded(const Samples& rows, const std::vector<Source>& sources, const std::string& space_key) {
  const auto n = static_cast<Eigen::Index>(rows.rows()), s = static_cast<Eigen::Index>(sources.size());
  const std::vector<std::size_t> columns = useful_columns(rows, rows.columns - rows.encoding);
  const auto f = static_cast<Eigen::Index>(columns.size());
  const std::vector<double> logs = source_logs(sources, rows, space_key);
  Eigen::MatrixXd x(n, 1 + s + f);
  x.col(0).setConstant(std::sqrt(intercept_variance));
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < s; ++j) x(i, 1 + j) = logs[static_cast<std::size_t>(i * s + j)];
    for (Eigen::Index j = 0; j < f; ++j)
      x(i, 1 + s + j) = rows.row(static_cast<std::size_t>(i))[columns[static_cast<std::size_t>(j)]];
  }
  const auto standardise = [&](Eigen::Index from, Eigen::Index width, double variance) {
    if (width == 0) return;
    auto part = x.middleCols(from, width);
    part.rowwise() -= part.colwise().mean().eval();
    const Eigen::VectorXd deviation =
        (part.colwise().squaredNorm() / static_cast<double>(n)).cwiseSqrt().transpose().cwiseMax(1e-9);
    part *= (std::sqrt(variance / static_cast<double>(width)) * deviation.cwiseInverse()).asDiagonal();
  };
  standardise(1, s, source_variance);
  standardise(1 + s, f, feature_variance);
  return x;
}

/// The posterior covariance of the weights once a row is measured.
void measure(Eigen::MatrixXd& covariance, const Eigen::VectorXd& row) {
  const Eigen::VectorXd told = covariance * row;
  covariance -= told * told.transpose() / (row.dot(told) + noise * noise);
}

}  // namespace

std::vector<std::size_t> measuring_plan(const Samples& candidates, std::size_t count,
                                        const std::vector<Source>& sources, const std::string& space_key,
                                        const Samples* measured) {
  if (candidates.rows() == 0) return {};
  Samples all = candidates;
  for (std::size_t i = 0; measured != nullptr && i < measured->rows(); ++i) all.add(measured->row(i), 1);
  const Eigen::MatrixXd x = embedded(all, sources, space_key);
  Eigen::MatrixXd covariance = Eigen::MatrixXd::Identity(x.cols(), x.cols());
  for (auto i = static_cast<Eigen::Index>(candidates.rows()); i < x.rows(); ++i)
    measure(covariance, x.row(i).transpose());
  std::vector<char> taken(candidates.rows(), 0);
  std::vector<std::size_t> plan;
  while (plan.size() < count) {
    const Eigen::VectorXd variance = (x * covariance).cwiseProduct(x).rowwise().sum();
    std::size_t best = candidates.rows();
    for (std::size_t i = 0; i < candidates.rows(); ++i)
      if (taken[i] == 0 && (best == candidates.rows() ||
                            variance[static_cast<Eigen::Index>(i)] > variance[static_cast<Eigen::Index>(best)]))
        best = i;
    if (best == candidates.rows()) break;
    plan.push_back(best);
    const auto row = candidates.row(best);
    for (std::size_t i = 0; i < candidates.rows(); ++i)
      if (std::equal(row.begin(), row.end(), candidates.row(i).begin())) taken[i] = 1;
    measure(covariance, x.row(static_cast<Eigen::Index>(best)).transpose());
  }
  return plan;
}

}  // namespace paretoforge
