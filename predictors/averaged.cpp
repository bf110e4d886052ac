// Bayesian model averaging (Hoeting, Madigan, Raftery, Volinsky 1999) of linear regressions, with weights of rows.
#include "predictors/averaged_internal.hpp"

#include <algorithm>
#include <cmath>

#include "predictors/models_internal.hpp"

namespace paretoforge {
namespace {

using Matrix = RowMatrix;
using Vector = Eigen::VectorXd;

constexpr double least_noise = 0.03;   ///< of a logarithm, when rows are called wild
constexpr double robust_corner = 1.5;  ///< deviations beyond which a row counts for less
constexpr int reweightings = 4;
constexpr double least_share = 1e-4;  ///< of the evidence; what has less is left out

/// The rows, and what is the same for every prior.
struct Rows {
  Rows(const Matrix& inputs, const Vector& targets, Eigen::Index head_width)
      : x(inputs), y(targets), head(inputs.leftCols(head_width)), counts(Vector::Ones(targets.size())) {
    const auto features = inputs.rightCols(inputs.cols() - head_width);
    if (fewer_than_weights()) products = features * features.transpose();
  }

  bool fewer_than_weights() const { return x.rows() < x.cols(); }
  void set(Vector counted) {
    counts = std::move(counted);
    if (!fewer_than_weights()) products = x.transpose() * counts.asDiagonal() * x;
  }

  const Matrix& x;
  const Vector& y;
  Matrix head;               ///< the inputs that priors name one by one
  Vector counts;             ///< of each row: noise / sqrt(count) is its deviation
  Eigen::MatrixXd products;  ///< X' counts X; where rows are few: features features'
};

Vector variances(const Prior& prior, Eigen::Index inputs) {
  Vector all = Vector::Constant(inputs, prior.feature);
  all.head(prior.variance.size()) = prior.variance;
  return all;
}

Vector missed_by_mean(const Prior& prior, const Rows& rows) { return rows.y - rows.head * prior.mean; }

/// The covariance of the targets: one number per pair of rows.
Eigen::MatrixXd target_covariance(const Prior& prior, const Rows& rows) {
  Eigen::MatrixXd k = rows.head * prior.variance.asDiagonal() * rows.head.transpose() + prior.feature * rows.products;
  k.diagonal() += prior.noise * prior.noise * rows.counts.cwiseInverse();
  return k;
}

/// The precision of u, where b = mean + sqrt(variance) u and u ~ N(0, 1) before the rows are seen.
Eigen::MatrixXd unit_precision(const Prior& prior, const Rows& rows, const Vector& root) {
  Eigen::MatrixXd a = root.asDiagonal() * rows.products * root.asDiagonal();
  a /= prior.noise * prior.noise;
  a.diagonal().array() += 1;
  return a;
}

/// How likely the rows are under the prior, a logarithm up to a constant, its odds included.
double evidence(const Prior& prior, const Rows& rows) {
  const Vector y = missed_by_mean(prior, rows);
  if (rows.fewer_than_weights()) {
    const Eigen::LLT<Eigen::MatrixXd> factor(target_covariance(prior, rows));
    return prior.log_odds - 0.5 * factor.matrixL().solve(y).squaredNorm() -
           factor.matrixLLT().diagonal().array().log().sum();
  }
  const Vector root = variances(prior, rows.x.cols()).cwiseSqrt();
  const Eigen::LLT<Eigen::MatrixXd> factor(unit_precision(prior, rows, root));
  const double precision = 1 / (prior.noise * prior.noise);
  const Vector told = root.cwiseProduct(rows.x.transpose() * rows.counts.cwiseProduct(y)) * precision;
  return prior.log_odds + 0.5 * (factor.matrixL().solve(told).squaredNorm() - precision * y.cwiseAbs2().dot(rows.counts)) -
         factor.matrixLLT().diagonal().array().log().sum() - static_cast<double>(y.size()) * std::log(prior.noise);
}

/// A row as the others suggest it, and the logarithm of how likely the measured value is then.
struct LeftOut {
  LogEstimate estimate;
  double likely = 0;
};

struct Posterior {
  Vector weights;
  Eigen::MatrixXd covariance;
  std::vector<LeftOut> held_out;
};

/// Weights and their covariance; Woodbury's identity where rows are few.
Posterior solved(const Prior& prior, const Rows& rows) {
  const Vector y = missed_by_mean(prior, rows), variance = variances(prior, rows.x.cols()), root = variance.cwiseSqrt();
  Posterior p;
  if (rows.fewer_than_weights()) {
    const Eigen::LLT<Eigen::MatrixXd> factor(target_covariance(prior, rows));
    const Eigen::MatrixXd spread = rows.x * variance.asDiagonal();
    const Eigen::MatrixXd told = factor.matrixL().solve(spread);
    p.weights = spread.transpose() * factor.solve(y);
    p.covariance = -told.transpose() * told;
    p.covariance.diagonal() += variance;
  } else {
    const Eigen::LLT<Eigen::MatrixXd> factor(unit_precision(prior, rows, root));
    const Vector told = rows.x.transpose() * rows.counts.cwiseProduct(y) / (prior.noise * prior.noise);
    p.covariance = root.asDiagonal() * factor.solve(Eigen::MatrixXd(root.asDiagonal()));
    p.weights = p.covariance * told;
  }
  p.weights.head(prior.mean.size()) += prior.mean;
  return p;
}

void leave_each_out(Posterior& p, const Prior& prior, const Rows& rows) {
  const Vector residual = rows.y - rows.x * p.weights;
  const Vector own = (rows.x * p.covariance).cwiseProduct(rows.x).rowwise().sum();  // variance of each row's mean
  const double noise = prior.noise * prior.noise;
  for (Eigen::Index i = 0; i < residual.size(); ++i) {
    const double left = std::max(1e-9, 1 - own[i] * rows.counts[i] / noise);  // 1 - leverage
    const double missed = residual[i] / left, mean_variance = std::max(0.0, own[i]) / left;
    const double variance = mean_variance + noise / rows.counts[i];
    p.held_out.push_back({{rows.y[i] - missed, std::sqrt(mean_variance + noise)},
                          -0.5 * (missed * missed / variance + std::log(variance))});
  }
}

/// What all priors say of a row that none of them has seen: what the row itself added to a prior's share is taken
/// from it.
class HeldOut {
 public:
  explicit HeldOut(std::size_t rows) : sums_(rows) {}

  void add(double share, const std::vector<LeftOut>& of_prior) {
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const auto& [e, likely] = of_prior[i];
      const double weight = share * std::exp(std::min(most_exponent, -likely));
      sums_[i].weight += weight;
      sums_[i].mean += weight * e.mean;
      sums_[i].square += weight * (e.deviation * e.deviation + e.mean * e.mean);
    }
  }

  std::vector<LogEstimate> estimates() const {
    std::vector<LogEstimate> all;
    for (const Sums& s : sums_) {
      const double mean = s.mean / s.weight;
      all.push_back({mean, std::sqrt(std::max(0.0, s.square / s.weight - mean * mean))});
    }
    return all;
  }

 private:
  static constexpr double most_exponent = 300;  ///< a row that no prior suggests: its weights stay finite
  struct Sums {
    double weight = 0, mean = 0, square = 0;
  };
  std::vector<Sums> sums_;
};

/// The share of each prior in what is said, those next to none cut off.
std::vector<double> shares(const std::vector<Prior>& priors, const Rows& rows) {
  std::vector<double> share;
  for (const Prior& prior : priors) share.push_back(evidence(prior, rows));
  const double most = *std::max_element(share.begin(), share.end());
  double sum = 0, kept = 0;
  for (double& s : share) sum += s = std::exp(s - most);
  for (double& s : share) kept += s = s < least_share * sum ? 0 : s;
  for (double& s : share) s /= kept;
  return share;
}

Averaged average(const std::vector<Prior>& priors, const Rows& rows) {
  const std::vector<double> share = shares(priors, rows);
  const Eigen::Index d = rows.x.cols();
  Averaged all{Vector::Zero(d), Eigen::MatrixXd::Zero(d, d), 0, {}};
  HeldOut held_out(static_cast<std::size_t>(rows.y.size()));
  for (std::size_t c = 0; c < priors.size(); ++c) {
    if (share[c] == 0) continue;
    Posterior p = solved(priors[c], rows);
    leave_each_out(p, priors[c], rows);
    held_out.add(share[c], p.held_out);
    all.weights += share[c] * p.weights;
    all.covariance += share[c] * (p.covariance + p.weights * p.weights.transpose());
    all.noise += share[c] * priors[c].noise * priors[c].noise;
  }
  all.covariance -= all.weights * all.weights.transpose();
  all.noise = std::sqrt(all.noise);
  all.held_out = held_out.estimates();
  return all;
}

/// How much each row counts, by how far it lies from what the others suggest.
Vector counts_by(const Averaged& all, const Vector& y) {
  std::vector<double> missed;
  for (Eigen::Index i = 0; i < y.size(); ++i) missed.push_back(y[i] - all.held_out[static_cast<std::size_t>(i)].mean);
  const double corner = robust_corner * std::max(robust_deviation(missed), least_noise);
  Vector counts(y.size());
  for (Eigen::Index i = 0; i < y.size(); ++i) {
    const double ratio = corner / std::max(corner, std::abs(missed[static_cast<std::size_t>(i)]));
    counts[i] = ratio * ratio;
  }
  return counts;
}

}  // namespace

Averaged averaged_fit(const std::vector<Prior>& priors, const RowMatrix& x, const Eigen::VectorXd& y) {
  Rows rows(x, y, priors.at(0).mean.size());
  rows.set(Vector::Ones(y.size()));
  Averaged all = average(priors, rows);
  for (int round = 1; round < reweightings; ++round) {
    rows.set(counts_by(all, y));
    all = average(priors, rows);
  }
  return all;
}

}  // namespace paretoforge
